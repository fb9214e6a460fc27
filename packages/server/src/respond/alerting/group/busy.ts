import type { Episode } from '../episode.ts';
import type { Draft } from './draft.ts';
import { targetKey } from './told.ts';

/**
 * Whether everybody whom this alert tells first has heard of other alerts of the group that still fire. Only then it
 * waits for the group's next tick: nobody waits for what others were told.
 */
export function isGroupBusyFor(draft: Draft, alert: Episode): boolean {
  return areBusy(draft, alert, 0, -1);
}

/**
 * Whether everybody who was told of this alert was told of others that still fire. Only then its end waits for the group's next
 * tick, as a first message does.
 */
export function isEndBusy(draft: Draft, alert: Episode): boolean {
  return areBusy(draft, alert, Math.max(0, alert.lastStep), 0);
}

/** Whether a message to these targets reaches everybody whom the steps that were sent of this alert tell. */
export function reachesAll({ plan, lastStep }: Episode, targets: ReadonlySet<string>): boolean {
  return receiversOf({ plan }, lastStep).every((key) => targets.has(key));
}

/** @param untold see {@link ReceiverCounts} */
function areBusy(draft: Draft, alert: Episode, lastStep: number, untold: Untold): boolean {
  const told = draft.receivers(untold);
  const own = told.keysOf(draft.alerts.get(alert.id));
  const keys = receiversOf(alert, lastStep);
  if (keys.length === 0) return told.size > 0;
  return keys.every((key) => told.count(key) > (own.has(key) ? 1 : 0));
}

export type Untold = 0 | -1;

/**
 * How many alerts that fire each receiver was told of, kept up while a group is decided: a storm has thousands. An alert that nobody
 * was told of counts for whom its first step tells (`untold` 0) or for nobody (-1).
 */
export class ReceiverCounts {
  readonly #untold: Untold;
  readonly #counts = new Map<string, number>();

  constructor(alerts: Iterable<Episode>, untold: Untold) {
    this.#untold = untold;
    for (const alert of alerts) this.replace(undefined, alert);
  }

  /** Receivers that were told of anything. */
  get size(): number {
    return this.#counts.size;
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  replace(before: Episode | undefined, after: Episode): void {
    for (const key of this.keysOf(before)) this.#add(key, -1);
    for (const key of this.keysOf(after)) this.#add(key, 1);
  }

  /** Whom an alert counts for; nobody when it does not fire. */
  keysOf(alert: Episode | undefined): ReadonlySet<string> {
    const upTo = Math.max(alert?.lastStep ?? -1, this.#untold);
    return new Set(alert?.state === 'firing' && upTo >= 0 ? receiversOf(alert, upTo) : []);
  }

  #add(key: string, change: number): void {
    const count = this.count(key) + change;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}

/** Whom the steps up to this one tell: receivers, and whose turn it is on which channel. */
function receiversOf({ plan }: Pick<Episode, 'plan'>, lastStep: number): string[] {
  const keys = plan.steps.slice(0, lastStep + 1).flatMap(({ targets, onCall }) => {
    const named = targets.map(targetKey);
    if (!onCall) return named;
    const turn = JSON.stringify([onCall.schedule, onCall.people]);
    const personal = onCall.personal ? [`${turn}/personal`] : [];
    return [...named, ...onCall.channels.map(({ channel }) => `${turn}/${channel}`), ...personal];
  });
  return keys.length > 0 ? keys : plan.meta.map(targetKey);
}
