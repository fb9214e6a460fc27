import type { ReportChart } from '@yumops/protocol';
import type { Period, Span } from './period.ts';

/** `[ms since the epoch, value]` */
export type TimedValue = readonly [at: number, value: number];

/** Points of a chart at most: a bar in a mail must be wide enough to be seen. */
const MOST_POINTS = 56;

/** Even steps over a span; null where nothing is known. Several values of one step are summed, or the largest is taken. */
function spread(points: readonly TimedValue[], { from, to }: Span, stepMs: number, sum: boolean): (number | null)[] {
  const steps = new Array<number | null>(Math.max(1, Math.ceil((to - from) / stepMs))).fill(null);
  for (const [at, value] of points) {
    const index = Math.floor((Math.max(at, from) - from) / stepMs);
    const known = steps[index];
    if (known === undefined) continue;
    steps[index] = known === null ? value : sum ? known + value : Math.max(known, value);
  }
  return steps;
}

/** A chart of a period beside the one before, in steps that can still be told apart. */
export function asChart(
  { title, unit, href }: Pick<ReportChart, 'title' | 'unit' | 'href'>,
  points: { now: readonly TimedValue[]; before: readonly TimedValue[] | null },
  period: Period,
  stepMs: number,
): ReportChart {
  const { from, to, before } = period;
  const wanted = Math.ceil((to - from) / stepMs / MOST_POINTS) * stepMs;
  const sum = unit === 'count' || unit === 'bytes';
  const old = points.before === null || points.before.length === 0 ? null : points.before;
  return {
    ...{ title, unit, href },
    from: new Date(from).toISOString(),
    stepMs: wanted,
    values: spread(points.now, { from, to }, wanted, sum),
    before: old && spread(old, { from: before.from, to: before.from + (to - from) }, wanted, sum),
  };
}
