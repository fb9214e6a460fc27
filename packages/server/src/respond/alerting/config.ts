import type { Severity } from '@yumops/protocol';
import type { Condition } from './condition.ts';
import type { NoData, RuleMetric } from './metrics.ts';

/** Every channel a rule or a step can name. `phone` is read as `phone_call`. */
export type Channel =
  | 'slack'
  | 'email'
  | 'sms'
  | 'phone_call'
  | 'pagerduty'
  | 'webhook'
  | 'opsgenie'
  | 'teams'
  | 'discord'
  | 'telegram'
  | 'ntfy';

/** One receiver of messages. */
export interface Target {
  channel: Channel;
  /** Slack channel, one e-mail address, phone number, or the receiver's name. */
  target: string;
  /** Why nothing can be sent there; its messages go to the fallback. Null when it works. */
  broken: string | null;
}

/** An alert rule, ready to evaluate. Times are in milliseconds, thresholds in the metric's unit. */
export interface RuleConfig {
  /** Stable over edits of everything but the name: the name in lower case with dashes. */
  id: string;
  name: string;
  condition: Condition;
  /** The registry's row; null for a metric of the user's own. */
  metric: RuleMetric | null;
  windowMs: number;
  severity: Severity;
  /** Direct receivers, one entry each. */
  notifications: readonly Target[];
  forMs: number;
  /** How long the value must stay on the good side of `resolve`. */
  keepFiringForMs: number;
  /** Threshold for resolving, on the safe side of the condition's. */
  resolve: number;
  minCount: number;
  minBad: number;
  noData: NoData;
  /** Labels that split the rule: one alert for each combination of values. */
  by: readonly string[];
  evalIntervalMs: number;
  /** Name of the policy in `Config.policies`, null = the direct receivers only. */
  escalation: string | null;
  /** Acknowledgements end after this long. */
  ackTimeoutMs: number;
  runbook: string | null;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** Only records of these projects and environments count; empty = all. */
  projects: readonly string[];
  environments: readonly string[];
  /** The rule in one English sentence. */
  sentence: string;
}

/** One step: `delayMs` after the episode fired, the words' receivers are told. */
export interface EscalationStep {
  delayMs: number;
  notify: readonly Channel[];
}

export interface EscalationPolicy {
  name: string;
  steps: readonly EscalationStep[];
  /** Repeats the last step; null = not written (critical alerts then repeat it every 15 minutes, 3 times). */
  repeat: { everyMs: number; max: number } | null;
  /** Further people on a step are still told after the first acknowledgement. */
  multiAck: boolean;
}

/** The guide's `alert_settings`. */
export interface AlertSettings {
  /** Also the fallback, and where the platform's own messages go. */
  email: readonly Target[];
  sms: readonly Target[];
  /** Policy of monitors that name none; its name is `default`. Null when not written. */
  escalationPolicy: EscalationPolicy | null;
}

export interface Grouping {
  /** Labels that form a group. */
  by: readonly string[];
  /** Null = 10 s, and 0 for critical alerts. */
  groupWaitMs: number | null;
  groupIntervalMs: number;
  repeatIntervalMs: number;
  /** Pushed alerts without an end resolve after this long. */
  resolveTimeoutMs: number;
}
