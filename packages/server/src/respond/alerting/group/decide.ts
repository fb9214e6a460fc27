import type { DeliveryResult } from '../../notify/index.ts';
import type { Acknowledgement, Episode } from '../episode.ts';
import { acknowledge } from './acknowledge.ts';
import { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { fallBackWhenOverdue } from './fallback.ts';
import { fire } from './fire.ts';
import { flush } from './flush.ts';
import { type Resolution, resolve } from './resolve.ts';
import { recover, settle } from './settle.ts';
import type { Decision, GroupState } from './state.ts';

/** Everything that can happen to a group of alerts. */
export type GroupInput =
  /** An episode began, or began again with a higher `round`. */
  | { type: 'fired'; alert: Episode }
  | ({ type: 'resolved' } & Resolution)
  | { type: 'acknowledged'; alertId: string; ack: Acknowledgement }
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
  flush(draft);
  fallBackWhenOverdue(draft);
  return draft.decision();
}

function apply(draft: Draft, input: GroupInput): void {
  if (input.type === 'fired') fire(draft, input.alert);
  else if (input.type === 'resolved') resolve(draft, input);
  else if (input.type === 'acknowledged') acknowledge(draft, input.alertId, input.ack);
  else if (input.type === 'attempted') settle(draft, input.messageId, input.result, input.random);
  else recover(draft, input.messageId);
}

/** When the group next has something to do by itself, in ms since the epoch; null = never. */
export function nextDue(state: GroupState): number | null {
  const due = [...state.timers.values()].map((timer) => timer.dueAt);
  for (const message of state.messages.values()) if (message.fallbackAt !== null) due.push(message.fallbackAt);
  return due.length === 0 ? null : Math.min(...due);
}
