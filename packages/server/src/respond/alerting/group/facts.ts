import type { OnCallAnswer } from '../../oncall/index.ts';
import type { Source } from '../inhibit/inhibition.ts';
import type { Planned } from '../ports.ts';
import type { Silence } from '../silence/silence.ts';

/** Whose turn it is: a schedule, and people who are always told. */
export interface OnCallPolicy {
  schedule: string | null;
  people: readonly string[];
}

/** Who is on call for a policy at one instant. */
export type OnCallAt = (policy: OnCallPolicy) => OnCallAnswer;

/** What is read along with a group, in the same transaction. */
export interface Durable {
  /** Silences that may be in force; those without an end are while something they wait for fires. */
  silences: readonly Silence[];
  /** Everything that fires, of all groups; empty where no alert of the group can be muted by another. */
  firing: readonly Source[];
}

/** What decisions about a group look at beside the group itself. */
export interface Facts extends Durable {
  onCall: OnCallAt;
  /** Left out = nothing is planned. */
  planned?: Planned;
}
