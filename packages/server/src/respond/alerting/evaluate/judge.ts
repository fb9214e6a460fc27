import type { Operator } from '../condition.ts';
import type { RuleConfig } from '../config.ts';
import type { Verdict } from '../instance.ts';
import { valueSentence } from '../message/summary.ts';
import { judgeBurn } from './judge-burn.ts';
import { type Reading, scaleCount } from './reading.ts';

const NO_DATA_AT_LEAST_MS = 60_000;
const DEFAULT_SAMPLE_MS = 15_000;
/** Samples may come slower than the metric's usual pace by this factor and still count as complete. */
const PACE_TOLERANCE = 1.5;

/** What a rule's window says. `fresh`: the pipeline is alive, so that no events means none happened. */
export function judge(rule: RuleConfig, reading: Reading | undefined, fresh: boolean, at: number): Verdict {
  if (rule.burn) return judgeBurn(rule.burn, reading, fresh);
  const kind = rule.metric?.kind ?? 'gauge';
  if (kind === 'gauge') return judgeGauge(rule, reading, at);
  if (!fresh) return { kind: 'nodata', reason: 'no telemetry has arrived for 2 minutes' };
  if (kind === 'counter') return compare(rule, reading?.value ?? scaleCount(rule, 0), reading?.count ?? 0);
  const { count, bad, value } = reading ?? { count: 0, bad: 0, value: null };
  if (value === null || count < rule.minCount) {
    return {
      kind: 'insufficient',
      value,
      sample: count,
      reason: `${count} of at least ${rule.minCount} in the window`,
    };
  }
  const breach = holds(rule.condition.op, value, rule.condition.threshold);
  if (kind === 'ratio' && breach && bad < rule.minBad) {
    return {
      kind: 'insufficient',
      value,
      sample: count,
      reason: `${bad} bad of at least ${rule.minBad} in the window`,
    };
  }
  return compare(rule, value, count);
}

function judgeGauge(rule: RuleConfig, reading: Reading | undefined, at: number): Verdict {
  const interval = rule.metric?.sampleIntervalMs ?? DEFAULT_SAMPLE_MS;
  const silentMs = Math.max(3 * interval, NO_DATA_AT_LEAST_MS);
  if (!reading || at - reading.lastAt > silentMs) {
    return { kind: 'nodata', reason: `no sample for ${Math.round(silentMs / 1_000)} s` };
  }
  if (reading.value === null) return { kind: 'hold', reason: 'the next sample is awaited' };
  const share = coverage(reading, rule.windowMs, interval);
  const wanted = rule.metric?.coverage ?? 0;
  if (share < wanted) {
    const reason = `${Math.round(100 * share)} % of the expected samples, ${Math.round(100 * wanted)} % needed`;
    return { kind: 'insufficient', value: reading.value, sample: reading.count, reason };
  }
  return compare(rule, reading.value, reading.count);
}

function coverage(reading: Reading, windowMs: number, intervalMs: number): number {
  const pace = Math.min(Math.max(reading.gapMs ?? intervalMs, intervalMs), intervalMs * PACE_TOLERANCE);
  return reading.count / (Math.max(1, Math.floor(windowMs / pace)) * Math.max(1, reading.series));
}

function compare(rule: RuleConfig, value: number, sample: number): Verdict {
  const { op, threshold } = rule.condition;
  const reason = valueSentence(rule, value, sample);
  if (holds(op, value, threshold)) return { kind: 'breach', value, sample, reason };
  return { kind: isClear(op, value, rule.resolve, threshold) ? 'clear' : 'between', value, sample, reason };
}

function holds(op: Operator, value: number, threshold: number): boolean {
  switch (op) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '==':
      return value === threshold;
    case '!=':
      return value !== threshold;
  }
}

/** On the good side of the resolve threshold; where that is the threshold itself, simply not a breach. */
function isClear(op: Operator, value: number, resolve: number, threshold: number): boolean {
  if (resolve === threshold || op === '==' || op === '!=') return true;
  return op.startsWith('>') ? value < resolve : value > resolve;
}
