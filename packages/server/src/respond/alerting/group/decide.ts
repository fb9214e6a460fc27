import type { DeliveryResult } from '../../notify/index.ts';
import type { Acknowledgement, Episode } from '../episode.ts';
import { acknowledge } from './acknowledge.ts';
import { flushBatch } from './batch.ts';
import { close } from './close.ts';
import { Draft } from './draft.ts';
import { escalate, type Hand } from './escalate.ts';
import type { Facts } from './facts.ts';
import { fallBackWhenOverdue } from './fallback.ts';
import { fire } from './fire.ts';
import { flush } from './flush.ts';
import { type Raise, raise } from './raise.ts';
import { takeReport, type VendorReport } from './report.ts';
import { type Resolution, resolve } from './resolve.ts';
import { recover, settle } from './settle.ts';
import type { Decision, GroupState } from './state.ts';
import { type Update, update } from './update.ts';

/** Everything that can happen to a group of alerts. */
export type GroupInput =
  /** An episode began, or began again with a higher `round`. */
  | { type: 'fired'; alert: Episode }
  | ({ type: 'resolved' } & Resolution)
  /** Its sender says more of it; `endedAt` null = it goes on. */
  | ({ type: 'updated' } & Update)
  | ({ type: 'raised' } & Raise)
  | { type: 'acknowledged'; alertId: string; ack: Acknowledgement }
  | ({ type: 'escalated'; alertId: string } & Hand)
  /** Somebody resolved it by hand. */
  | ({ type: 'closed'; alertId: string } & Hand)
  /** What a vendor says of a message that it took. */
  | { type: 'reported'; messageId: string; report: VendorReport }
  /** A delivery attempt ended. `random` in [0, 1) moves the next attempt. */
  | { type: 'attempted'; messageId: string; result: DeliveryResult; random: number }
  /** The worker that was sending this message is gone. */
  | { type: 'interrupted'; messageId: string };

/**
 * The next state of a group: takes the inputs in order, then sends what is due at `now`. With no inputs it only
 * does the latter.
 */
export function decide(state: GroupState, inputs: readonly GroupInput[], now: number, facts: Facts): Decision {
  const draft = new Draft(state, now, facts);
  for (const input of inputs) apply(draft, input);
  if (draft.isBatch) flushBatch(draft);
  else flush(draft);
  fallBackWhenOverdue(draft);
  return draft.decision();
}

function apply(draft: Draft, input: GroupInput): void {
  if (input.type === 'fired') fire(draft, input.alert);
  else if (input.type === 'resolved') resolve(draft, input);
  else if (input.type === 'updated') update(draft, input);
  else if (input.type === 'raised') raise(draft, input);
  else if (input.type === 'acknowledged') acknowledge(draft, input.alertId, input.ack);
  else if (input.type === 'escalated') escalate(draft, input.alertId, input);
  else if (input.type === 'closed') close(draft, input.alertId, input);
  else if (input.type === 'reported') takeReport(draft, input.messageId, input.report);
  else if (input.type === 'attempted') settle(draft, input.messageId, input.result, input.random);
  else recover(draft, input.messageId);
}

/** When the group next has something to do by itself, in ms since the epoch; null = never. */
export function nextDue(state: GroupState): number | null {
  const due = [...state.timers.values()].map((timer) => timer.dueAt);
  for (const message of state.messages.values()) if (message.fallbackAt !== null) due.push(message.fallbackAt);
  return due.length === 0 ? null : Math.min(...due);
}
