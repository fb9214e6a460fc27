import { extentOf } from './series.ts';
import './sparkline.css';

export interface SparklineProps {
  /** Evenly spaced; null is a gap. */
  values: readonly (number | null)[];
  /** What the line says, in a sentence. */
  summary: string;
}

const WIDTH = 100;
const HEIGHT = 24;

/** The course of a value, without axes: its shape matters, the figure stands beside it. */
export function Sparkline({ values, summary }: SparklineProps) {
  const extent = extentOf(values);
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={summary}
    >
      {extent === null ? (
        <line className="sparkline-none" x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      ) : (
        runsOf(values, Math.min(0, extent.low), extent.high).map((run) => (
          <g key={run.line}>
            <path className="sparkline-area" d={run.area} />
            <path className="sparkline-line" d={run.line} />
            {run.dot !== null && <path className="sparkline-dot" d={run.dot} />}
          </g>
        ))
      )}
    </svg>
  );
}

interface Run {
  line: string;
  area: string;
  /** Marks a stretch that is too short to be seen as a line. */
  dot: string | null;
}

/** One path for every stretch without a gap. */
function runsOf(values: readonly (number | null)[], low: number, high: number): Run[] {
  const step = WIDTH / Math.max(1, values.length - 1);
  const scale = (HEIGHT - 4) / (high - low || 1);
  const runs: Run[] = [];
  let points: [number, number][] = [];
  const finish = () => {
    const first = points[0];
    const last = points.at(-1);
    if (first !== undefined && last !== undefined) {
      const line = `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`;
      const area = `${line}L${last[0].toFixed(1)} ${HEIGHT}L${first[0].toFixed(1)} ${HEIGHT}Z`;
      runs.push({ line, area, dot: points.length < 3 ? `M${last[0].toFixed(1)} ${last[1].toFixed(1)}h0.01` : null });
    }
    points = [];
  };
  values.forEach((value, index) => {
    if (value === null) finish();
    else points.push([index * step, HEIGHT - 2 - (value - low) * scale]);
  });
  finish();
  return runs;
}
