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
} from '../ports.ts';
import { decide, type GroupInput } from './decide.ts';
import type { Decision } from './state.ts';

export interface ChangeDeps {
  store: AlertStore;
  resolveOnCall: ResolveOnCall;
  /** Left out = nothing is planned. */
  plannedWork?: PlannedWork | undefined;
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
  /** Runs inside the transaction, after the writes. */
  afterwards?(tx: Queryable): Promise<void>;
}

/**
 * Decides about a group from its durable state and writes the result, in one transaction.
 * @throws YumOpsError `lease_lost`
 */
export async function changeGroup(deps: ChangeDeps, change: GroupChange): Promise<Decision> {
  const { groupKey, inputs, now, lease = null, alertIds = [], instances = [], pushed, afterwards } = change;
  const [onCall, planned = NOTHING_PLANNED] = await Promise.all([deps.resolveOnCall(now()), deps.plannedWork?.(now())]);
  return deps.store.change({
    groupKey,
    lease,
    alertIds,
    instances,
    now: now(),
    readsFiring: inputs.some((input) => input.type === 'fired' && isMutedByOthers(input.alert)),
    decide: (state, durable) => decide(state, inputs, now(), { ...durable, onCall, planned }),
    ...(pushed && { pushed }),
    ...(afterwards && { afterwards }),
  });
}
