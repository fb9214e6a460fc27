import type { Severity } from '@yumops/protocol';
import { parseDuration } from '../../lib/duration.ts';
import { type Report, within } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { listOf, readDuration, slug } from '../../lib/section.ts';
import { type Condition, parseCondition, parseThreshold } from './condition.ts';
import type { RawRule, RuleConfig } from './config.ts';
import type { Receivers } from './config-receivers.ts';
import { defaultResolve, LONGEST_WINDOW_MS, type MetricSource, type RuleMetric } from './metrics.ts';
import { formatQuantity, period, ruleSentence } from './sentence.ts';

const ACK_TIMEOUT_MS: Record<Severity, number> = { critical: 1_800_000, warning: 14_400_000, info: 14_400_000 };

/** What a rule is compiled with. */
export interface RuleContext {
  receivers: Receivers;
  /** How long the store keeps what a metric is computed from, in milliseconds. */
  retentionMs(source: MetricSource): number;
}

function compileCondition(
  text: string,
  report: Report,
): { condition: Condition; metric: RuleMetric | null } | undefined {
  const parsed = parseCondition(text);
  if (!parsed.ok) {
    report({ code: 'E104', path: ['condition'], ...parsed.problem });
    return undefined;
  }
  const { condition, metric } = parsed;
  const [lowest, highest] = metric?.range ?? [null, null];
  const { threshold } = condition;
  if ((lowest !== null && threshold < lowest) || (highest !== null && threshold > highest)) {
    const range = highest === null ? `${lowest} or more` : `from ${lowest} to ${highest}`;
    report({
      code: 'E107',
      path: ['condition'],
      offset: Math.max(0, text.search(/-?\d/)),
      message: `${condition.metric} can never be ${formatQuantity(threshold, condition.unit)}`,
      suggestion: `write a threshold ${range}`,
    });
    return undefined;
  }
  return { condition, metric };
}

/** I104: a form that is understood and is not one of the two that the reference shows. */
function lintWindowForm(text: string, ms: number, report: Report): void {
  const [, count, unit, plural] = /^\s*(\d+)\s*(second|minute|hour|day)(s?)\s*$/.exec(text) ?? [];
  if (/^\s*\d+\s*[smhd]\s*$/.test(text) || (unit && (count === '1') === (plural === ''))) return;
  const plain = period(ms);
  const suggestion = `write "${/^\d/.test(plain) ? plain : `1 ${plain}`}"`;
  report({ code: 'I104', path: ['time_window'], message: `"${text}" is read as ${ms / 1_000} seconds`, suggestion });
}

function compileWindow(value: string | number, longestMs: number, report: Report): number | undefined {
  const refuse = (message: string, suggestion: string) => {
    report({ code: 'E105', path: ['time_window'], message, suggestion });
    return undefined;
  };
  const ms = typeof value === 'number' ? undefined : parseDuration(value);
  const unit = typeof value === 'string' && /[a-z]/i.test(value);
  if (ms === undefined || !unit) return refuse(`"${value}" is not a window`, 'write for example "5 minutes" or 5m');
  if (ms <= 0) return refuse('the window is empty', 'write for example "5 minutes"');
  if (!Number.isInteger(ms / 1_000))
    return refuse(`"${value}" is not a whole number of seconds`, 'write whole seconds');
  if (ms > longestMs) {
    return refuse(`the window ${value} is longer than rules look back`, `write at most ${period(longestMs)}`);
  }
  lintWindowForm(String(value), ms, report);
  return ms;
}

/** A tenth of the window, in steps of 15 s, between 10 s and a minute. */
function defaultInterval(windowMs: number): number {
  const wanted = Math.min(60_000, Math.max(10_000, windowMs / 10));
  return Math.max(1, Math.round(wanted / 15_000)) * 15_000;
}

function compileResolve(raw: RawRule, condition: Condition, metric: RuleMetric | null, report: Report): number {
  const { op, threshold, unit } = condition;
  if (raw.resolve === undefined) return defaultResolve(metric, op, threshold);
  const resolve = parseThreshold(raw.resolve, unit);
  if (resolve === undefined) {
    report({
      code: 'E104',
      path: ['resolve'],
      message: `"${raw.resolve}" is not a threshold in the unit of the condition`,
    });
    return threshold;
  }
  const wrong = (op.startsWith('>') && resolve > threshold) || (op.startsWith('<') && resolve < threshold);
  if (wrong) {
    report({
      code: 'E108',
      path: ['resolve'],
      message: `the alert would end at ${resolve} while ${condition.text} still holds`,
      suggestion: `write a number ${op.startsWith('>') ? 'up to' : 'of at least'} ${threshold}`,
    });
  }
  return resolve;
}

/** W214: a label that no series has makes one alert of all. */
function lintLabels(by: readonly string[], metric: RuleMetric, report: Report): void {
  for (const [index, label] of by.entries()) {
    if (metric.labels.includes(label)) continue;
    const suggestion = didYouMean(label, metric.labels) ?? `its labels are ${metric.labels.join(', ')}`;
    report({ code: 'W214', path: ['by', index], message: `${metric.name} has no label "${label}"`, suggestion });
  }
}

function lintRule(raw: RawRule, rule: RuleConfig, report: Report): void {
  const { condition, metric, windowMs } = rule;
  const at = (code: string, path: string, message: string, suggestion: string) =>
    report({ code, path: [path], message, suggestion });
  if (metric?.kind === 'duration' && condition.reducer === 'avg') {
    at('W205', 'condition', 'a mean hides the slow requests among many fast ones', `write p95_${metric.name}`);
  }
  const sampleMs = metric?.sampleIntervalMs ?? null;
  if (sampleMs !== null && windowMs < 4 * sampleMs) {
    at(
      'W206',
      'time_window',
      `the window holds fewer than 4 samples (one every ${sampleMs / 1_000} s)`,
      `write ${(4 * sampleMs) / 1_000}s or more`,
    );
  }
  if (metric) lintLabels(rule.by, metric, report);
  if (condition.perMs !== null && condition.perMs !== windowMs) {
    at('W207', 'condition', 'the "per" differs from the window, so the count is scaled', 'use one length for both');
  }
  if (rule.forMs > 0 && !['last', 'min', 'max'].includes(condition.reducer)) {
    at(
      'W209',
      'for',
      'the window smooths already, and "for" delays the alert further',
      'remove it or shorten the window',
    );
  }
  if (rule.severity === 'critical' && rule.escalation === null) {
    at(
      'W201',
      raw.escalation === undefined ? 'severity' : 'escalation',
      `the critical rule "${rule.name}" has no escalation policy`,
      'add escalation: with the name of a policy',
    );
  }
}

type Judgement = Pick<RuleConfig, 'resolve' | 'minCount' | 'minBad' | 'noData' | 'by' | 'keepFiringForMs'>;

/** What the registry knows of the metric, where the rule does not say otherwise. */
function judgement(raw: RawRule, condition: Condition, metric: RuleMetric | null, report: Report): Judgement {
  const defaults = metric ?? { minCount: 0, minBad: 0, noData: 'nodata' as const, by: [], holdMs: 0 };
  return {
    resolve: compileResolve(raw, condition, metric, report),
    minCount: raw.min_count ?? defaults.minCount,
    minBad: raw.min_bad ?? defaults.minBad,
    noData: raw.no_data ?? defaults.noData,
    by: raw.by === undefined ? defaults.by : listOf(raw.by),
    keepFiringForMs: readDuration(raw.keep_firing_for, ['keep_firing_for'], report) ?? defaults.holdMs,
  };
}

/** Compiles a rule and fills in its defaults; paths count from the rule. Undefined when a finding refuses it. */
export function compileRule(raw: RawRule, context: RuleContext, report: Report): RuleConfig | undefined {
  const { receivers } = context;
  const compiled = compileCondition(raw.condition, report);
  const keptMs = context.retentionMs(compiled?.metric?.source ?? 'metrics');
  const windowMs = compileWindow(raw.time_window, Math.min(LONGEST_WINDOW_MS, keptMs), report);
  const { targets, policy } = receivers.notifications(
    raw.notifications,
    within(report, 'notifications'),
    raw.escalation,
  );
  const escalation =
    raw.escalation === undefined ? policy : receivers.policy(raw.escalation, within(report, 'escalation'));
  if (!compiled || windowMs === undefined) return undefined;
  const { condition, metric } = compiled;
  const rule: RuleConfig = {
    id: slug(raw.name),
    name: raw.name,
    condition,
    metric,
    windowMs,
    severity: raw.severity,
    notifications: targets,
    forMs: readDuration(raw.for, ['for'], report) ?? 0,
    ...judgement(raw, condition, metric, report),
    evalIntervalMs: readDuration(raw.eval_interval, ['eval_interval'], report, 1_000) ?? defaultInterval(windowMs),
    escalation,
    ackTimeoutMs: readDuration(raw.ack_timeout, ['ack_timeout'], report, 1_000) ?? ACK_TIMEOUT_MS[raw.severity],
    runbook: raw.runbook ?? null,
    labels: raw.labels ?? {},
    annotations: raw.annotations ?? {},
    projects: listOf(raw.project),
    environments: listOf(raw.environment),
    sentence: '',
  };
  lintRule(raw, rule, report);
  return { ...rule, sentence: ruleSentence(rule) };
}
