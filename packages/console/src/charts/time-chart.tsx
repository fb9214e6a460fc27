import { lazy, Suspense, useId, useState } from 'react';
import { IconButton } from '../components/button.tsx';
import { Loading } from '../components/notice.tsx';
import { formatMoment } from '../time/format.ts';
import type { Span } from '../time/range.ts';
import { useZone } from '../time/zone.ts';
import { ChartTable } from './chart-table.tsx';
import { Legend } from './legend.tsx';
import './time-chart.css';

const Plot = lazy(() => import('./plot.tsx'));

export interface ChartSeries {
  label: string;
  /** Colour token, without dashes. */
  token: string;
  /** One value for each time; null is a gap. */
  values: readonly (number | null)[];
}

/** A moment, or a stretch, that is marked in a chart. */
export interface ChartMark {
  /** Milliseconds. */
  at: number;
  /** Its end; left out = a moment. */
  until?: number;
  /** Colour token, without dashes. */
  token: string;
  dashed?: boolean;
}

export interface TimeChartProps {
  title: string;
  /** What the chart shows, in a sentence, for those who do not see it. */
  summary: string;
  /** `bars` and `areas` are stacked, `lines` are not. */
  kind: 'lines' | 'areas' | 'bars';
  /** Milliseconds, ascending. */
  times: readonly number[];
  series: readonly ChartSeries[];
  format(value: number): string;
  height?: number;
  threshold?: { value: number; label: string };
  /** What happened beside it; the page says in words what they are. */
  marks?: readonly ChartMark[];
  /** Fills the room between two series, by their places. */
  band?: { high: number; low: number; token: string };
  /** Called when a person drags over a stretch of time. */
  onZoom?(span: Span): void;
  /** Width of a bar in milliseconds. */
  step?: number;
}

/** A chart over time with legend, crosshair shared by the page, table behind it and text summary. */
export function TimeChart(props: TimeChartProps) {
  const { title, summary, height = 160, times, series, format } = props;
  const [table, setTable] = useState(false);
  const [hovered, setHovered] = useState<number | null>(null);
  const id = useId();
  const zone = useZone();
  const at = hovered === null ? undefined : times[hovered];
  return (
    <figure className="time-chart" aria-labelledby={`${id}-title`} aria-describedby={`${id}-summary`}>
      <figcaption className="time-chart-head">
        <span id={`${id}-title`} className="time-chart-title">
          {title}
        </span>
        <Legend series={series} hovered={hovered} format={format} />
        <span className="time-chart-at figures">{at !== undefined && formatMoment(at, Date.now(), zone)}</span>
        <IconButton
          icon={table ? 'chart' : 'table'}
          label={table ? 'Show as a chart' : 'Show as a table'}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        />
      </figcaption>
      <p id={`${id}-summary`} className="visually-hidden">
        {summary}
      </p>
      {table ? (
        <ChartTable {...props} />
      ) : (
        <div className="time-chart-plot" style={{ height }}>
          <Suspense fallback={<Loading what="the chart" rows={2} />}>
            <Plot {...props} height={height} onHover={setHovered} />
          </Suspense>
        </div>
      )}
    </figure>
  );
}
