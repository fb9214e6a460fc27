import type { Severity } from '@yumops/protocol';
import type { Channel, Target } from './config.ts';
import type { Labels } from './fingerprint.ts';
import type { Matcher } from './silence/matcher.ts';

/** Who is told when. It is fixed when the episode begins; a reload changes later episodes only. */
export interface Plan {
  /** Name of the escalation policy, null = the direct receivers only. */
  policy: string | null;
  steps: readonly PlanStep[];
  /** Repeats the last step while nobody has acknowledged; `max` null = without end. */
  repeat: { everyMs: number; max: number | null } | null;
  /** The platform's own receivers: the last resort when a target cannot be reached. */
  meta: readonly Target[];
  /** Targets (`channel/target`) that are not told of the end. */
  withoutResolved: readonly string[];
  groupWaitMs: number;
  groupIntervalMs: number;
  ackTimeoutMs: number;
  /** Whose turn counts, for mentions and for what else reaches the same person. */
  duty?: { schedule: string | null; people: readonly string[] };
  /** The vendor that pages people by itself; SMS and calls are for the case that it does not take the alert. */
  authority?: Target;
  /** Channels that keep a state of the alert, so that they are told of an acknowledgement. */
  takesAcks?: readonly string[];
  /** Others on a step are still told after somebody acknowledged. */
  multiAck?: boolean;
  /** The receivers are told of the whole group at each flush of it, and of nothing in between. */
  batch?: boolean;
  /** Ends wait for the next flush of the group even when nothing of it fires any more. */
  endsWait?: boolean;
  /** Alerts that mute this one while they fire. */
  inhibitors?: readonly Inhibitor[];
}

/** Any other alert that matches `source`, and not `except`. */
export interface Inhibitor {
  source: readonly Matcher[];
  except: readonly Matcher[] | null;
}

export interface PlanStep {
  /** From the commit of the firing, in ms. */
  delayMs: number;
  targets: readonly Target[];
  /** Who else is told is known only when the step is sent: whoever is on call then. */
  onCall?: OnCallStep;
}

export interface OnCallStep {
  schedule: string | null;
  people: readonly string[];
  /** On which channels they are told, and why one cannot work. */
  channels: readonly { channel: Channel; broken: string | null }[];
  /** They are told by rules of their own, as far as these channels work. Left out = by `channels` alone. */
  personal?: readonly { channel: Channel; broken: string | null }[];
  /** Who is told by the last step when nobody is on call. */
  otherwise: readonly Target[];
}

export interface Acknowledgement {
  by: string;
  via: string;
  at: number;
  /** Who acknowledged after the first. */
  also?: readonly string[];
}

/** What an alert is about, for messages and pages. */
export interface AlertSubject {
  rule: string;
  severity: Severity;
  labels: Labels;
  annotations: Labels;
  /** What is wrong, in one sentence with the value against the threshold. */
  summary: string;
  /** The rule in one sentence. */
  sentence: string;
  /** The equivalent query. */
  query: string;
  value: number | null;
  sample: number | null;
  threshold: number | null;
  unit: string | null;
  windowMs: number | null;
  runbook: string | null;
  /** Of its monitor, or of the key that it was pushed with, where its labels name none; left out or null = of none. */
  project?: string | null;
}

/** One episode of an alert: from its firing to its end. Times in ms since the epoch. */
export interface Episode extends AlertSubject {
  id: string;
  fingerprint: string;
  episode: number;
  /** Raised each time the episode is opened again. */
  round: number;
  /** `meta`: the platform about itself; `watchdog`: the synthetic alert that proves that the path works. */
  origin: 'rule' | 'monitor' | 'pushed' | 'meta' | 'watchdog';
  ruleId: string;
  groupKey: string;
  state: 'firing' | 'resolved';
  /** The evaluation at which it fired. */
  startedAt: number;
  /** The commit from which the delays of steps count. */
  firedAt: number;
  resolvedAt: number | null;
  resolveReason: string | null;
  plan: Plan;
  /** The highest step that has been sent, -1 before the first. */
  lastStep: number;
  repeats: number;
  ack: Acknowledgement | null;
  /** When it fired or ended within the last hour, also in earlier episodes, oldest first. */
  flips: readonly number[];
  /** Since when it flaps and is told of in digests alone; null = it does not. */
  flappingSince: number | null;
  /** How often its severity was raised while it fired. */
  raises: number;
}

/**
 * The part of an idempotency key that names the episode: `2`, `2+1` after it was opened again, `2^1` after its severity
 * was raised.
 */
export function episodeTag(alert: Pick<Episode, 'episode' | 'round' | 'raises'>): string {
  const round = alert.round === 0 ? '' : `+${alert.round}`;
  const raises = alert.raises === 0 ? '' : `^${alert.raises}`;
  return `${alert.episode}${round}${raises}`;
}

/** Whether another alert may mute this one. */
export function isMutedByOthers(alert: Pick<Episode, 'plan'>): boolean {
  return (alert.plan.inhibitors ?? []).length > 0;
}
