import type { OnCallAnswer } from '../../oncall/index.ts';

/** Whose turn it is: a schedule, and people who are always told. */
export interface OnCallPolicy {
  schedule: string | null;
  people: readonly string[];
}

/** Who is on call for a policy at one instant. */
export type OnCallAt = (policy: OnCallPolicy) => OnCallAnswer;

/** What decisions about a group look at beside the group itself. */
export interface Facts {
  onCall: OnCallAt;
}
