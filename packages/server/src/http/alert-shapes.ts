import type {
  Alert,
  AlertDetail,
  AlertState,
  NotificationItem,
  Rule,
  RuleDetail,
  RuleReplay,
  Severity,
  Silence,
} from '@yumops/protocol';
import { z } from 'zod';
import type { TestReport } from '../respond/notify/index.ts';

const time = z.string().describe('ISO 8601');
const text = z.string().nullable();
const number = z.number().nullable();
const labels = z.record(z.string(), z.string());
export const severity = z.enum(['critical', 'warning', 'info']) satisfies z.ZodType<Severity>;
export const state = z.enum([
  ...(['inactive', 'pending', 'firing', 'resolved', 'insufficient', 'nodata', 'error'] as const),
]) satisfies z.ZodType<AlertState>;
const nextCursor = text.describe('What `cursor` is for the next page; null = this is the last');

export const alert = z.object({
  ...{ id: z.string(), rule: z.string(), severity, state, labels },
  summary: z.string().describe('What is wrong, with the value against the threshold'),
  sentence: z.string().describe('The rule as one sentence'),
  ...{ value: number, threshold: number, unit: text },
  ...{ startedAt: time, resolvedAt: time.nullable() },
  ...{ acknowledgedBy: text, acknowledgedAt: time.nullable() },
  mutedBy: text.describe('Why nobody is told, if so'),
  flappingSince: time.nullable().describe('Since when only digests tell of it'),
  runbook: text,
}) satisfies z.ZodType<Alert>;

export const notification = z.object({
  ...{ id: z.string(), alert: z.string(), rule: z.string(), channel: z.string(), target: z.string() },
  kind: z.enum(['firing', 'update', 'repeat', 'resolved', 'acknowledged', 'meta']),
  step: z.number(),
  status: z.enum(['queued', 'sending', 'sent', 'retrying', 'failed', 'uncertain', 'cancelled']),
  ...{ attempts: z.number(), reason: z.string(), lastError: text },
  ...{ createdAt: time, sentAt: time.nullable(), nextAttemptAt: time.nullable() },
  report: text.describe('What the vendor said of it after it had taken it'),
  reportedAt: time.nullable(),
}) satisfies z.ZodType<NotificationItem>;

const next = z.object({ at: time, step: z.number(), notify: z.array(z.string()) });

export const alertDetail = alert.extend({
  query: z.string().describe('The query that is equivalent to the rule'),
  timeline: z.array(
    z.object({ at: time, kind: z.string(), from: state.nullable(), to: state.nullable(), reason: z.string() }),
  ),
  notifications: z.array(notification),
  next: next.nullable(),
  escalation: z.array(
    z.object({
      step: z.number(),
      delay: z.number().describe('Seconds from its firing'),
      notify: z.array(z.string()),
      state: z.enum(['told', 'due', 'off']),
      at: time.nullable(),
    }),
  ),
  series: z.array(z.tuple([z.number(), number])).describe('Milliseconds and value, over the last hour'),
}) satisfies z.ZodType<AlertDetail>;

export const rule = z.object({
  ...{ name: z.string(), severity, condition: z.string(), sentence: z.string(), query: z.string() },
  ...{ window: z.string(), state, value: number, sample: number },
  ...{ lastEvaluatedAt: time.nullable(), reason: text },
}) satisfies z.ZodType<Rule>;

export const ruleDetail = rule.extend({
  ...{ threshold: z.number().describe('In `unit`'), unit: text },
  resolve: number.describe('The threshold for its end; null = the same'),
  minCount: z.number().describe('The smallest sample that is judged'),
  evaluatedEverySeconds: z.number(),
  series: z.array(
    z.object({
      labels,
      points: z.array(z.tuple([z.number(), number, number])).describe('Milliseconds, value, sample'),
    }),
  ),
  seriesTotal: z.number(),
  receivers: z.array(z.object({ channel: z.string(), target: z.string(), broken: text })),
  ...{ escalation: text, runbook: text },
}) satisfies z.ZodType<RuleDetail>;

export const ruleReplay = z.object({
  ...{ rule: z.string(), from: time, to: time, evaluations: z.number() },
  episodes: z
    .array(
      z
        .object({ labels, start: time, end: time.nullable(), flaps: z.number(), reason: z.string() })
        .describe('Episode'),
    )
    .describe('Newest first'),
}) satisfies z.ZodType<RuleReplay>;

export const silence = z.object({
  ...{ id: z.string(), state: z.enum(['scheduled', 'active', 'ended']) },
  matchers: z.array(z.string()).describe('name="value", or !=, =~, !~; all hold'),
  startsAt: time,
  endsAt: time.nullable().describe('Null = until what it was made for is resolved'),
  ...{ untilResolved: z.boolean(), author: z.string(), reason: z.string() },
  ...{ createdAt: time, endedAt: time.nullable(), endedBy: text },
}) satisfies z.ZodType<Silence>;

export const testReport = z.object({
  ...{ channel: z.string(), target: z.string() },
  outcome: z.enum(['sent', 'retry', 'refused']),
  ...{ answer: z.string().describe('What the vendor answered'), tookMs: z.number() },
}) satisfies z.ZodType<TestReport>;

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor });
}
