import type { Queryable } from '../../../lib/db.ts';
import { isMutedByOthers } from '../episode.ts';
import type { Instance } from '../instance.ts';
import {
  type AlertStore,
  type Change,
  type Lease,
  NOTHING_PLANNED,
  type PlannedWork,
  type ResolveOnCall,
  type Sender,
} from '../ports.ts';
import { decide, type GroupInput } from './decide.ts';
import type { Facts } from './facts.ts';
import type { Claimed, Decision } from './state.ts';

/** Groups that are changed in one transaction at most: it holds their locks. */
const GROUPS_AT_ONCE = 100;

export interface ChangeDeps {
  store: AlertStore;
  resolveOnCall: ResolveOnCall;
  /** Left out = nothing is planned. */
  plannedWork?: PlannedWork | undefined;
  /** Awaited before each transaction of many groups: resolves when what goes first is done. */
  giveWay?: (() => Promise<void>) | undefined;
}

/** A change of one group of alerts. */
export interface GroupChange {
  groupKey: string;
  /** What happened; nothing = only what is due is done. */
  inputs: readonly GroupInput[];
  /** The time of the decision, ms since the epoch. */
  now: () => number;
  /** Refused when another holder has the lease since; left out = anyone may. */
  lease?: Lease;
  /** Ended alerts that the decision also needs. */
  alertIds?: readonly string[];
  /** Instances to write in the same transaction. */
  instances?: readonly Instance[];
  /** What came of pushed alerts, to write in the same transaction. */
  pushed?: Change['pushed'];
  /** The group may be new. */
  begins?: boolean;
  /** Runs inside the transaction, after the writes. */
  afterwards?(tx: Queryable): Promise<void>;
}

/**
 * Decides about a group from its durable state and writes the result, in one transaction.
 * @throws YumOpsError `lease_lost`
 */
export async function changeGroup(deps: ChangeDeps, change: GroupChange): Promise<Decision> {
  return deps.store.change(toChange(change, await readCircumstances(deps, change.now())));
}

/** Sends messages that a change has taken for it. */
export interface Sending {
  claims(): Sender;
  send(claimed: readonly Claimed[]): void;
}

/**
 * The same for any number of groups, each once, so many to a transaction.
 * @param sending takes new messages that may leave at once
 * @param circumstances as they were read already; for the first transaction
 * @returns whether there are messages now that may leave and that nobody has taken
 * @throws YumOpsError `lease_lost`
 */
export async function changeGroups(
  deps: ChangeDeps,
  changes: readonly GroupChange[],
  sending?: Sending,
  circumstances?: Circumstances,
): Promise<boolean> {
  let waits = false;
  for (let done = 0; done < changes.length; done += GROUPS_AT_ONCE) {
    await deps.giveWay?.();
    const part = changes.slice(done, done + GROUPS_AT_ONCE);
    const known = done === 0 ? circumstances : undefined;
    const facts = known ?? (await readCircumstances(deps, part[0]?.now() ?? 0));
    const { claimed, decisions } = await deps.store.changeAll(
      part.map((change) => toChange(change, facts)),
      sending?.claims(),
    );
    sending?.send(claimed);
    waits ||= decisions.some((decision, index) => hasWaiting(decision, part[index]?.now() ?? 0));
  }
  return waits;
}

function hasWaiting({ state }: Decision, now: number): boolean {
  return [...state.messages.values()].some(({ status, nextAttemptAt }) => status === 'queued' && nextAttemptAt <= now);
}

/** What decisions look at beside durable state of alerts. */
export type Circumstances = Pick<Facts, 'onCall' | 'planned'>;

/** Reads who is on call and what is planned at `now`, ms. */
export async function readCircumstances(
  { resolveOnCall, plannedWork }: ChangeDeps,
  now: number,
): Promise<Circumstances> {
  const [onCall, planned = NOTHING_PLANNED] = await Promise.all([resolveOnCall(now), plannedWork?.(now)]);
  return { onCall, planned };
}

function toChange(change: GroupChange, circumstances: Circumstances): Change {
  const { groupKey, inputs, now, lease = null, alertIds = [], instances = [], begins = false } = change;
  const { pushed, afterwards } = change;
  return {
    groupKey,
    lease,
    alertIds,
    instances,
    begins,
    now: now(),
    readsFiring: inputs.some((input) => input.type === 'fired' && isMutedByOthers(input.alert)),
    decide: (state, durable) => decide(state, inputs, now(), { ...durable, ...circumstances }),
    ...(pushed && { pushed }),
    ...(afterwards && { afterwards }),
  };
}
