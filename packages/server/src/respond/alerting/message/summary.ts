import { formatDuration } from '../../../lib/duration.ts';
import type { RuleConfig } from '../config.ts';
import type { Labels } from '../fingerprint.ts';
import { formatQuantity } from '../sentence.ts';

type Parts = Pick<RuleConfig, 'condition' | 'metric' | 'windowMs'>;

/** The value against the threshold: "6 % of 3,000 requests failed in the last 5 min (limit 5 %)". */
export function valueSentence(rule: Parts, value: number, sample: number): string {
  const { condition, metric, windowMs } = rule;
  const shown = formatQuantity(Number(value.toPrecision(4)), condition.unit);
  const limit = `limit ${formatQuantity(condition.threshold, condition.unit)}`;
  const window = `in the last ${formatDuration(windowMs)}`;
  const total = sample.toLocaleString('en-US');
  const samples = sample === 1 ? '1 sample' : `${total} samples`;
  if (metric?.kind === 'ratio') return `${shown} of ${total} ${metric.noun} ${metric.bad} ${window} (${limit})`;
  if (metric?.kind === 'counter') return `${shown} ${metric.noun} ${window} (${limit})`;
  const noun = metric?.noun ?? condition.metric;
  return `${noun} is ${shown} over ${samples} ${window} (${limit})`;
}

/** One line for an alert: its rule, the value, and where. */
export function summaryOf(rule: string, reason: string, dimensions: Labels): string {
  const where = Object.entries(dimensions)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  return `${rule}: ${reason}${where === '' ? '' : `, ${where}`}`;
}
