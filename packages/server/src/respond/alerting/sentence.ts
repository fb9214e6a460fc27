import type { Condition, Operator } from './condition.ts';
import type { RuleConfig } from './config.ts';
import type { MetricUnit, Reducer, RuleMetric } from './metrics.ts';

const COUNTED: Record<Operator, [before: string, after: string]> = {
  '>': ['more than ', ''],
  '>=': ['', ' or more'],
  '<': ['fewer than ', ''],
  '<=': ['', ' or fewer'],
  '==': ['exactly ', ''],
  '!=': ['any number but ', ''],
};

const MEASURED: Record<Operator, string> = {
  '>': 'above',
  '>=': 'at or above',
  '<': 'below',
  '<=': 'at or below',
  '==': 'exactly',
  '!=': 'other than',
};

/** Words before the noun. Shares, counts and rates are named by their noun. */
const REDUCED: Record<Reducer, string> = {
  ratio: '',
  count: '',
  avg: 'mean ',
  min: 'lowest ',
  max: 'highest ',
  sum: 'sum of ',
  last: 'latest ',
  p50: 'median ',
  p75: '75th percentile of the ',
  p95: '95th percentile of the ',
  p99: '99th percentile of the ',
};

const PERIODS: [ms: number, name: string][] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** `5 minutes`, `hour`, `90 seconds`: a period as it follows "the last". */
export function period(ms: number): string {
  const [size, name] = PERIODS.find(([unit]) => ms >= unit && ms % unit === 0) ?? [1_000, 'second'];
  const count = ms / size;
  return count === 1 ? name : `${count} ${name}s`;
}

/** `2,000`; `0.25`. */
function digits(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 6 });
}

/** A value with its unit as people read it: `5 %`, `2,000 ms`, `512 MiB`. */
export function formatQuantity(value: number, unit: MetricUnit): string {
  if (unit === 'B') {
    const step = [2 ** 30, 2 ** 20, 2 ** 10].findIndex((size) => Math.abs(value) >= size);
    const [size, name] = (
      [
        [2 ** 30, 'GiB'],
        [2 ** 20, 'MiB'],
        [2 ** 10, 'KiB'],
      ] as const
    )[step] ?? [1, 'B'];
    return `${digits(Number((value / size).toPrecision(4)))} ${name}`;
  }
  if (unit === '/s') return `${digits(value)} per second`;
  return unit === '' ? digits(value) : `${digits(value)} ${unit}`;
}

function where(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name} ${value}`);
  return parts.length === 0 ? '' : ` with ${parts.join(' and ')}`;
}

type Parts = Pick<RuleConfig, 'condition' | 'metric' | 'windowMs' | 'minCount' | 'forMs'>;

function counted(condition: Condition): string {
  const [before, after] = COUNTED[condition.op];
  return `${before}${formatQuantity(condition.threshold, condition.unit)}${after}`;
}

function ratioSentence(metric: RuleMetric, { condition, minCount, windowMs }: Parts): string {
  const share = condition.op.startsWith('<') ? counted(condition).replace('fewer', 'less') : counted(condition);
  const sample = minCount > 0 ? `at least ${digits(minCount)} ${metric.noun}` : `all ${metric.noun}`;
  return `${share} of ${sample}${where(condition.labels)} in the last ${period(windowMs)} ${metric.bad}`;
}

function counterSentence(metric: RuleMetric, { condition, windowMs }: Parts): string {
  const rate =
    condition.perMs === null || condition.perMs === windowMs ? '' : `, scaled to one ${period(condition.perMs)}`;
  return `there were ${counted(condition)} ${metric.noun}${where(condition.labels)} in the last ${period(windowMs)}${rate}`;
}

function measureSentence(metric: RuleMetric | null, { condition, minCount, windowMs }: Parts): string {
  const noun = metric?.noun ?? condition.metric;
  const sample = metric?.kind === 'duration' && minCount > 1 ? ` of at least ${digits(minCount)} requests` : '';
  const value = `${MEASURED[condition.op]} ${formatQuantity(condition.threshold, condition.unit)}`;
  const window =
    condition.reducer === 'last' ? '' : ` ${metric?.kind === 'duration' ? 'in' : 'over'} the last ${period(windowMs)}`;
  return `the ${REDUCED[condition.reducer]}${noun}${where(condition.labels)}${sample}${window} is ${value}`;
}

function clause(parts: Parts): string {
  const { metric } = parts;
  if (metric?.kind === 'ratio') return ratioSentence(metric, parts);
  if (metric?.kind === 'counter' && metric.unit === '') return counterSentence(metric, parts);
  return measureSentence(metric, parts);
}

/**
 * The rule in one English sentence: "Fires when more than 5 % of at least 100 requests in the last 5 minutes failed."
 */
export function ruleSentence(rule: Parts): string {
  const held = rule.forMs > 0 ? `, and this has been so for ${period(rule.forMs).replace(/^(?=[a-z])/, '1 ')}` : '';
  return `Fires when ${clause(rule)}${held}.`;
}
