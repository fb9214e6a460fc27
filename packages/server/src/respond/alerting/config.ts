import type { Severity } from '@yumops/protocol';
import { z } from 'zod';
import { durationShape, labelsShape, textsShape } from '../../lib/section.ts';
import type { Condition } from './condition.ts';
import type { NoData, RuleMetric } from './metrics.ts';

/** Every channel a rule or a step can name. `phone` is read as `phone_call`. */
export const CHANNELS = [
  'slack',
  'email',
  'sms',
  'phone_call',
  'pagerduty',
  'webhook',
  'opsgenie',
  'teams',
  'discord',
  'telegram',
  'ntfy',
] as const;
export type Channel = (typeof CHANNELS)[number];

/** What is known of the ways out of the platform: null = not set up, `broken` = why it must not be used. */
export interface Senders {
  slack: { app?: object | null; channel: string | null; fixedChannel: boolean; broken: string | null } | null;
  smtp: { broken: string | null } | null;
  twilio: { broken: string | null } | null;
  webhooks: readonly NamedSender[];
  pagerduty: readonly NamedSender[];
  opsgenie: readonly NamedSender[];
  teams: readonly NamedSender[];
  discord: readonly NamedSender[];
  telegram: readonly NamedSender[];
  ntfy: readonly NamedSender[];
}

/** A receiver that notifications name. */
export interface NamedSender {
  name: string;
  broken: string | null;
}

/** One receiver of messages. */
export interface Target {
  channel: Channel;
  /** Slack channel, one e-mail address, phone number, or the receiver's name. */
  target: string;
  /** Why nothing can be sent there; its messages go to the fallback. Null when it works. */
  broken: string | null;
  /** Whose it is, for somebody who is on call. */
  person?: string;
  /** The rule of that person by which it is told, in words. */
  rule?: string;
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
  /** For an alert on an error budget: how fast it burns, instead of the condition's own metric. Left out for all others. */
  burn?: Burn;
}

/** What counts as good and bad for an SLO, in terms of a series of `rule_buckets`. */
export interface Indicator {
  series: 'requests' | 'checks';
  /** Only series with exactly these labels count. */
  labels: Readonly<Record<string, string>>;
  projects: readonly string[];
  environments: readonly string[];
  /** Slower ones are bad, ms; null = those that failed are. */
  underMs: number | null;
}

/** An error budget that burns too fast: over a long and over a short window. */
export interface Burn {
  slo: string;
  indicator: Indicator;
  /** The share that may be bad, 0 to 1. */
  budget: number;
  /** Fires above this multiple of the rate that uses the budget up exactly at the end of its window. */
  factor: number;
  longMs: number;
  shortMs: number;
  /** Fewest bad events in the long window: one failure among a handful says nothing. */
  minBad: number;
}

/** One step: `delayMs` after the episode fired, the words' receivers are told. */
export interface EscalationStep {
  delayMs: number;
  notify: readonly Channel[];
  /** Whoever is on call is told by rules of their own. */
  personal?: boolean;
}

export interface EscalationPolicy {
  name: string;
  steps: readonly EscalationStep[];
  /** Repeats the last step; null = not written (critical alerts then repeat it every 15 minutes, 3 times). */
  repeat: { everyMs: number; max: number } | null;
  /** Further people on a step are still told after the first acknowledgement. */
  multiAck: boolean;
  /** Whose turn it is in this schedule gets its SMS and calls; null = the numbers of `alert_settings`. */
  schedule: string | null;
  /** These people get its SMS and calls, whoever's turn it is. */
  people: readonly string[];
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
  /** The interval was written: ends wait for it too. */
  endsWait?: boolean;
  repeatIntervalMs: number;
  /** Pushed alerts without an end resolve after this long. */
  resolveTimeoutMs: number;
}

/** One receiver in a list: a map with exactly one key, the channel. */
export const notificationsShape = z
  .array(z.unknown().meta({ type: 'object', minProperties: 1, maxProperties: 1 }))
  .describe('Who is told: {slack: "#channel"}, {email: [address]}, {pagerduty: name}, {webhook: name}, {sms: "+44…"}');

/** An item of `alert_rules:` as written. */
export const ruleShape = z.strictObject({
  name: z.string().min(1).describe('Name of the rule; becomes the label alertname'),
  condition: z.string().describe('metric{label=value} operator number[unit] [per duration], e.g. error_rate > 5%'),
  time_window: z.union([z.string(), z.number()]).describe('The window that is looked at, e.g. "5 minutes" or 5m'),
  severity: z.enum(['critical', 'warning', 'info']).describe('How urgent it is'),
  notifications: notificationsShape.optional(),
  for: durationShape.optional().describe('How long the condition must hold before the rule fires, default 0'),
  keep_firing_for: durationShape
    .optional()
    .describe('How long the value must stay on the good side of resolve before the alert ends'),
  resolve: z
    .union([z.number(), z.string()], 'expected a number or a number with a unit')
    .optional()
    .describe('Threshold for resolving'),
  min_count: z.int().nonnegative().optional().describe('Fewest events in the window for a verdict'),
  min_bad: z.int().nonnegative().optional().describe('Fewest bad events in the window, for ratios'),
  no_data: z.enum(['ok', 'alerting', 'keep', 'nodata']).optional().describe('What a missing value means'),
  by: textsShape.optional().describe('One alert for each value of these labels'),
  eval_interval: durationShape.optional().describe('Time between two evaluations'),
  escalation: z.string().optional().describe('Name of an escalation policy; wins over a pagerduty name'),
  ack_timeout: durationShape.optional().describe('An acknowledgement ends after this long'),
  runbook: z.string().optional().describe('Address or path of the instructions'),
  labels: labelsShape.optional().describe('Labels added to the alert'),
  annotations: labelsShape
    .optional()
    .describe('Texts added to messages; {{ .value }} and {{ .labels.x }} are filled in'),
  project: textsShape.optional().describe('Only these projects'),
  environment: textsShape.optional().describe('Only these environments'),
});

const stepShape = z.strictObject({
  delay: durationShape.describe('Time from the start of the alert; a number is seconds'),
  notify: z
    .array(z.string())
    .describe(`Channels: ${CHANNELS.join(', ')}; or on_call: whoever is on call, by their own rules`),
});

const stepsShape = z.array(stepShape).describe('Steps in order of their delay');

/** A policy as written: the guide's list of steps, or a map around it. */
export const policyShape = z.union(
  [
    stepsShape,
    z.strictObject({
      steps: stepsShape,
      repeat: z
        .strictObject({ every: durationShape, max: z.int().nonnegative() })
        .optional()
        .describe('Repeats the last step'),
      multi_ack: z.boolean().optional().describe('Others on a step are still told after the first acknowledgement'),
      schedule: z.string().optional().describe('sms and phone_call go to whoever is on call in this schedule'),
      people: z.array(z.string()).optional().describe('sms and phone_call go to these people'),
    }),
  ],
  'expected a list of steps, or a map with steps',
);

/** `escalation_policies:` as written. */
export const policiesShape = z.record(z.string(), policyShape);

/** `alert_settings:` as written. */
export const alertSettingsShape = z.strictObject({
  email_notifications: textsShape.optional().describe('Addresses for monitors, the fallback and the platform itself'),
  sms_notifications: textsShape.optional().describe('Phone numbers with country code, in quotes'),
  slack_webhook: z.string().optional().describe('Incoming webhook; integrations.slack wins over it'),
  escalation_policy: policyShape.optional().describe('Policy of monitors that name none'),
});

/** `grouping:` as written. */
export const groupingShape = z.strictObject({
  by: z.array(z.string()).optional().describe('Labels that form a group, default alertname and environment'),
  group_wait: durationShape.optional().describe('Wait before the first message of a group, default 10s, critical 0s'),
  group_interval: durationShape.optional().describe('Least time between two messages of a group, default 5m'),
  repeat_interval: durationShape.optional().describe('A message is repeated after this long, default 4h'),
  resolve_timeout: durationShape
    .optional()
    .describe('Pushed alerts without an end resolve after this long, default 5m'),
});

export type RawRule = z.infer<typeof ruleShape>;
export type RawPolicy = z.infer<typeof policyShape>;
export type RawAlertSettings = z.infer<typeof alertSettingsShape>;
export type RawGrouping = z.infer<typeof groupingShape>;
