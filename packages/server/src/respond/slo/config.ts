import { z } from 'zod';
import { type Report, within } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { durationShape, labelsShape, listOf, readDuration, slug, textsShape } from '../../lib/section.ts';
import { type Indicator, notificationsShape, period, RULE_METRICS } from '../alerting/index.ts';
import { type BurnPair, DEFAULT_PAIRS, type SliKind, type Slo } from './slo.ts';

const WINDOWS: Readonly<Record<string, number>> = { '7d': 7, '28d': 28, '30d': 30 };
const DAY_MS = 86_400_000;
/** What burn alerts read is kept for 7 days. */
const LONGEST_MS = 7 * DAY_MS;
/** Beyond this a short window cannot tell that all is well again. */
const LONGEST_SHORT_MS = DAY_MS / 4;
/** One failure among a handful of requests says nothing. */
const MIN_BAD = 5;

const pairShape = z.strictObject({
  factor: z.number().positive().describe('How many times faster than allowed the budget burns'),
  long: durationShape.describe('Window over which it does, e.g. 1h'),
  short: durationShape.describe('Window that tells that it still does, e.g. 5m'),
  severity: z.enum(['critical', 'warning', 'info']).optional().describe('How urgent it is, default warning'),
});

const sliShape = z.strictObject({
  requests: labelsShape.optional().describe('Share of requests that did not fail, e.g. {service: api}'),
  checks: z.string().optional().describe('Share of the checks of this monitor that were good'),
  latency: z
    .looseObject({ under_ms: z.number().positive().describe('Slower requests are bad') })
    .optional()
    .describe('Share of requests under a time, e.g. {service: api, under_ms: 300}'),
});

/** An item of `slos:` as written. */
export const sloShape = z.strictObject({
  name: z.string().min(1).describe('Name of the objective'),
  target: z.number().describe('Percent that must be good, e.g. 99.9'),
  window: z.enum(['7d', '28d', '30d']).describe('Time over which the target holds'),
  sli: sliShape.describe('What is measured: exactly one of requests, checks and latency'),
  burn_alerts: z
    .union([z.enum(['default', 'none']), z.array(pairShape)], 'expected default, none or a list of pairs')
    .optional()
    .describe('Alerts on the budget; default: the pairs 14.4x, 6x, 3x and 1x'),
  min_bad: z.int().nonnegative().optional().describe('Fewest bad events in the long window for an alert, default 5'),
  notifications: notificationsShape.optional(),
  escalation: z.string().optional().describe('Escalation policy of critical alerts, default the one of alert_settings'),
  labels: labelsShape.optional().describe('Labels added to the alerts'),
  runbook: z.string().optional().describe('Address or path of the instructions'),
  project: textsShape.optional().describe('Only these projects'),
  environment: textsShape.optional().describe('Only these environments'),
});

export type RawSlo = z.infer<typeof sloShape>;

/** Compiles an SLO; paths count from it. Undefined when a finding refuses it. */
export function compileSlo(raw: RawSlo, monitors: readonly string[], report: Report): Slo | undefined {
  if (raw.target <= 0 || raw.target >= 100) {
    const message = `${raw.target} is not a target: some events may fail, and some must succeed`;
    report({ code: 'E107', path: ['target'], message, suggestion: 'write a percentage such as 99.9' });
    return undefined;
  }
  const sli = compileSli(raw, monitors, within(report, 'sli'));
  if (!sli) return undefined;
  const slo = {
    id: slug(raw.name),
    name: raw.name,
    target: raw.target,
    windowMs: (WINDOWS[raw.window] ?? 30) * DAY_MS,
    ...sli,
    burnAlerts: compilePairs(raw.burn_alerts ?? 'default', within(report, 'burn_alerts')),
    minBad: raw.min_bad ?? MIN_BAD,
  };
  return { ...slo, sentence: sentenceOf(slo) };
}

function compileSli(raw: RawSlo, monitors: readonly string[], report: Report) {
  const kinds = (['requests', 'checks', 'latency'] as const).filter((kind) => raw.sli[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length !== 1) {
    const message = 'an sli has exactly one of requests, checks and latency';
    report({ code: 'E109', path: [], message, suggestion: 'write for example {requests: {service: api}}' });
    return undefined;
  }
  const scope = { projects: listOf(raw.project), environments: listOf(raw.environment) };
  const { under_ms: underMs = null, ...written } = raw.sli.latency ?? {};
  const labels =
    kind === 'checks'
      ? monitorLabel(raw.sli.checks ?? '', monitors, report)
      : requestLabels(kind, raw, written, report);
  const indicator: Indicator = { series: kind === 'checks' ? 'checks' : 'requests', labels, ...scope, underMs };
  return { kind: kind as SliKind, indicator };
}

function monitorLabel(name: string, monitors: readonly string[], report: Report): Indicator['labels'] {
  if (!monitors.includes(name)) {
    const suggestion = didYouMean(name, monitors) ?? 'name one of monitors';
    report({ code: 'E304', path: ['checks'], message: `there is no monitor "${name}"`, suggestion });
  }
  return { monitor: name };
}

function requestLabels(
  kind: 'requests' | 'latency',
  raw: RawSlo,
  latency: object,
  report: Report,
): Indicator['labels'] {
  const known = RULE_METRICS.get('error_rate')?.labels ?? [];
  const entries = Object.entries(kind === 'requests' ? (raw.sli.requests ?? {}) : latency);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (!known.includes(name)) {
        const suggestion = didYouMean(name, known) ?? `labels are ${known.join(', ')}`;
        report({
          code: 'E104',
          path: [kind, name],
          atKey: true,
          message: `requests have no label "${name}"`,
          suggestion,
        });
      }
      return [name, String(value)];
    }),
  );
}

function compilePairs(raw: NonNullable<RawSlo['burn_alerts']>, report: Report): readonly BurnPair[] {
  if (raw === 'default') return DEFAULT_PAIRS;
  if (raw === 'none') return [];
  return raw.flatMap((pair, index) => {
    const at = within(report, index);
    const longMs = readDuration(pair.long, ['long'], at, 60_000);
    const shortMs = readDuration(pair.short, ['short'], at, 10_000);
    if (longMs === undefined || shortMs === undefined) return [];
    const refuse = (key: string, message: string, suggestion: string) => {
      at({ code: 'E105', path: [key], message, suggestion });
      return [];
    };
    if (longMs > LONGEST_MS) return refuse('long', `${pair.long} is longer than rules look back`, 'write at most 7d');
    if (shortMs >= longMs)
      return refuse('short', 'the short window is not shorter than the long one', 'a twelfth of it is usual');
    if (shortMs > LONGEST_SHORT_MS)
      return refuse('short', `${pair.short} is too long to tell an end`, 'write at most 6h');
    return [{ factor: pair.factor, longMs, shortMs, severity: pair.severity ?? 'warning' }];
  });
}

function sentenceOf({ kind, indicator, target, windowMs }: Omit<Slo, 'sentence'>): string {
  const names = Object.entries(indicator.labels).map(([name, value]) => `${name} ${value}`);
  const where = names.length === 0 ? '' : ` with ${names.join(' and ')}`;
  const what = {
    requests: `requests${where} succeed`,
    latency: `requests${where} take less than ${indicator.underMs} ms`,
    checks: `checks of ${indicator.labels['monitor']} are good`,
  }[kind];
  return `${target} % of ${what} over ${period(windowMs)}.`;
}
