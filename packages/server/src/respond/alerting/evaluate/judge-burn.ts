import { formatDuration } from '../../../lib/duration.ts';
import type { Burn } from '../config.ts';
import type { Verdict } from '../instance.ts';
import { burnRate } from './burn-windows.ts';
import type { Reading } from './reading.ts';

/** What the two windows of an error budget say. Without traffic in one of them there is nothing to judge. */
export function judgeBurn(burn: Burn, reading: Reading | undefined, fresh: boolean): Verdict {
  if (!fresh) return { kind: 'nodata', reason: 'no telemetry has arrived for 2 minutes' };
  const { long, short } = reading?.burn ?? { long: EMPTY, short: EMPTY };
  const sample = long.total;
  if (long.total === 0 || short.total === 0) {
    const window = formatDuration(long.total === 0 ? burn.longMs : burn.shortMs);
    return { kind: 'insufficient', value: null, sample, reason: `nothing was counted in the last ${window}` };
  }
  const rates = { long: burnRate(long, burn.budget), short: burnRate(short, burn.budget) };
  const value = rates.long;
  const reason =
    `the error budget of ${burn.slo} burns ${times(rates.long)} over ${formatDuration(burn.longMs)} and ` +
    `${times(rates.short)} over ${formatDuration(burn.shortMs)} (limit ${times(burn.factor)}; ` +
    `${count(long.bad)} of ${count(long.total)} bad)`;
  if (rates.long <= burn.factor || rates.short <= burn.factor) return { kind: 'clear', value, sample, reason };
  if (long.bad < burn.minBad) {
    return { kind: 'insufficient', value, sample, reason: `${long.bad} bad of at least ${burn.minBad} in the window` };
  }
  return { kind: 'breach', value, sample, reason };
}

const EMPTY = { total: 0, bad: 0 };

function times(rate: number): string {
  return `${Number(rate.toPrecision(3))}×`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
