import uPlot from 'uplot';
import { tokenColour } from '../theme/theme.ts';
import { formatClock, formatDay, formatMinute } from '../time/format.ts';
import type { Zone } from '../time/zone.ts';
import type { PlotProps } from './plot.tsx';

type Latest = { current: PlotProps };

/** All charts of a page share one crosshair. */
const SYNC_KEY = 'page';
const GRID_WIDTH = 1;

/** Times and values as the canvas wants them; stacked series are summed from the first one up. */
export function plotData({ kind, times, series }: PlotProps): uPlot.AlignedData {
  if (kind === 'lines') return [times as number[], ...series.map(({ values }) => values as (number | null)[])];
  const sums = times.map(() => 0);
  const stacked = series.map(({ values }) =>
    values.map((value, index) => {
      if (value === null) return null;
      sums[index] = (sums[index] ?? 0) + value;
      return sums[index] ?? null;
    }),
  );
  return [times as number[], ...stacked.reverse()];
}

export function plotOptions(latest: Latest, width: number, zone: Zone): uPlot.Options {
  const { height, onZoom, band } = latest.current;
  return {
    width,
    height,
    ms: 1,
    tzDate: (time) => (zone === 'utc' ? uPlot.tzDate(new Date(time), 'Etc/UTC') : new Date(time)),
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: latest.current.kind === 'lines' },
      sync: { key: SYNC_KEY, setSeries: false },
      drag: { x: onZoom !== undefined, y: false, setScale: false },
    },
    scales: {
      x: { time: true, range: timeRange(latest) },
      y: { range: (_, low, high) => valueRange(latest, low, high) },
    },
    axes: [timeAxis(zone), valueAxis(latest)],
    series: [{}, ...plotSeries(latest.current)],
    ...(band === undefined
      ? {}
      : { bands: [{ series: [band.high + 1, band.low + 1] as [number, number], fill: tokenColour(band.token) }] }),
    hooks: {
      setCursor: [(plot) => latest.current.onHover(plot.cursor.idx ?? null)],
      setSelect: [(plot) => zoomTo(plot, latest)],
      drawClear: [(plot) => drawStretches(plot, latest)],
      draw: [(plot) => drawThreshold(plot, latest), (plot) => drawMoments(plot, latest)],
    },
  };
}

function axis(): uPlot.Axis {
  const line = { stroke: tokenColour('grid'), width: GRID_WIDTH };
  return {
    stroke: tokenColour('text-3'),
    grid: line,
    ticks: { ...line, size: 4 },
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    gap: 4,
  };
}

function timeAxis(zone: Zone): uPlot.Axis {
  const label = (time: number, step: number) => {
    if (step >= 86_400_000) return formatDay(time, zone);
    return step >= 60_000 ? formatMinute(time, zone) : formatClock(time, zone).slice(0, 8);
  };
  return {
    ...axis(),
    size: 24,
    space: 72,
    values: (_plot, ticks, _axis, _space, step) => ticks.map((tick) => label(tick, step)),
  };
}

/** Steps between marks of bytes, which are counted by 1024: powers of two from 1 B to 1 PB. */
const BYTE_STEPS = Array.from({ length: 51 }, (_, power) => 2 ** power);

function valueAxis(latest: Latest): uPlot.Axis {
  const inBytes = latest.current.format(1024).includes('kB');
  return {
    ...axis(),
    size: 64,
    space: 28,
    values: (_, ticks) => ticks.map((tick) => latest.current.format(tick)),
    ...(inBytes ? { incrs: BYTE_STEPS } : {}),
  };
}

/** Bars need half a bar of room at both ends. */
function timeRange(latest: Latest): uPlot.Range.Function {
  return (_, low, high) => {
    const { kind, step = 0 } = latest.current;
    return kind === 'bars' ? [low - step / 2, high + step / 2] : [low, high];
  };
}

function valueRange({ current }: Latest, low: number | null, high: number | null): [number, number] {
  const top = Math.max(high ?? 0, current.threshold?.value ?? 0);
  return [Math.min(0, low ?? 0), top === 0 ? 1 : top * 1.1];
}

function plotSeries({ kind, series }: PlotProps): uPlot.Series[] {
  const drawn = series.map(({ label, token }): uPlot.Series => {
    const colour = tokenColour(token);
    const shared = { label, spanGaps: false, points: { show: false } };
    if (kind === 'bars') {
      const paths = uPlot.paths.bars?.({ size: [0.86, 64], align: 0 });
      return { ...shared, width: 0, fill: colour, ...(paths === undefined ? {} : { paths }) };
    }
    if (kind === 'areas') return { ...shared, width: 1, stroke: colour, fill: colour };
    return { ...shared, width: 1.5, stroke: colour };
  });
  return kind === 'lines' ? drawn : drawn.reverse();
}

function zoomTo(plot: uPlot, latest: Latest): void {
  const { left, width } = plot.select;
  const { onZoom } = latest.current;
  if (width < 4 || onZoom === undefined) return;
  const from = Math.round(plot.posToVal(left, 'x'));
  const to = Math.round(plot.posToVal(left + width, 'x'));
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  onZoom({ from, to });
}

function drawThreshold(plot: uPlot, latest: Latest): void {
  const { threshold } = latest.current;
  if (threshold === undefined) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(threshold.value, 'y', true));
  const scale = window.devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = tokenColour('mark-bad');
  ctx.fillStyle = tokenColour('bad');
  ctx.lineWidth = scale;
  ctx.setLineDash([6 * scale, 4 * scale]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${11 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillText(threshold.label, bbox.left + 4 * scale, y - 3 * scale);
  ctx.restore();
}

const STRETCH_OPACITY = 0.12;

/** Stretches lie below the curves; one that is shorter than a line is as wide as a line. */
function drawStretches(plot: uPlot, { current }: Latest): void {
  for (const { at, until, token } of current.marks ?? []) {
    if (until === undefined) continue;
    const { ctx, bbox } = plot;
    const left = Math.max(bbox.left, plot.valToPos(at, 'x', true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(until, 'x', true));
    if (right < left) continue;
    ctx.save();
    ctx.globalAlpha = STRETCH_OPACITY;
    ctx.fillStyle = tokenColour(token);
    ctx.fillRect(left, bbox.top, Math.max(right - left, window.devicePixelRatio), bbox.height);
    ctx.restore();
  }
}

function drawMoments(plot: uPlot, { current }: Latest): void {
  for (const { at, until, token, dashed } of current.marks ?? []) {
    const { ctx, bbox } = plot;
    const x = Math.round(plot.valToPos(at, 'x', true));
    if (until !== undefined || x < bbox.left || x > bbox.left + bbox.width) continue;
    const scale = window.devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = tokenColour(token);
    ctx.lineWidth = 1.5 * scale;
    if (dashed) ctx.setLineDash([4 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }
}
