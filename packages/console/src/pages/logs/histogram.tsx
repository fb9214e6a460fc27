import type { LogHistogram } from '@yumops/protocol';
import { useMemo } from 'react';
import { TimeChart } from '../../charts/time-chart.tsx';
import { formatCount, plural } from '../../format/number.ts';
import { formatShort } from '../../time/format.ts';
import type { Span } from '../../time/range.ts';
import { useZone, type Zone } from '../../time/zone.ts';
import { bucketTimes } from './histogram-times.ts';
import { levelToken } from './level.tsx';

/** From calm to severe, so that what matters lies on top. */
const ORDER = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** How many lines of each level there were over time; dragging zooms in. */
export function Histogram({ data, onZoom }: { data: LogHistogram; onZoom(span: Span): void }) {
  const zone = useZone();
  const { times, series, summary } = useMemo(() => shape(data, zone), [data, zone]);
  return (
    <TimeChart
      title={plural(data.total, 'line')}
      summary={summary}
      kind="bars"
      times={times}
      series={series}
      format={formatCount}
      height={96}
      step={data.stepMs}
      onZoom={onZoom}
    />
  );
}

function shape(data: LogHistogram, zone: Zone) {
  const levels = data.levels.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  const times = bucketTimes(data);
  const series = levels.map((level) => ({ label: level, token: levelToken(level), values: data.counts[level] ?? [] }));
  return { times, series, summary: summarise(data, levels, times, zone) };
}

function summarise(data: LogHistogram, levels: string[], times: number[], zone: Zone): string {
  if (data.total === 0) return 'No lines in this range.';
  const parts = levels.map((level) => `${sum(data.counts[level] ?? []).toLocaleString('en')} ${level}`);
  const totals = times.map((_, index) => sum(levels.map((level) => data.counts[level]?.[index] ?? 0)));
  const peak = Math.max(...totals);
  const peakAt = times[totals.indexOf(peak)] ?? times[0] ?? 0;
  return `${plural(data.total, 'line')}: ${parts.join(', ')}. Most at ${formatShort(peakAt, Date.now(), zone)}, ${plural(peak, 'line')}.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
