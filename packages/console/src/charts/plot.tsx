import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useAppearance } from '../theme/theme.ts';
import { useZone } from '../time/zone.ts';
import { plotData, plotOptions } from './plot-options.ts';
import type { TimeChartProps } from './time-chart.tsx';
import './plot.css';

export interface PlotProps extends TimeChartProps {
  height: number;
  onHover(index: number | null): void;
}

/** The canvas of a chart. It is drawn anew when its shape or the theme changes; new figures only move it. */
export default function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const appearance = useAppearance();
  const zone = useZone();
  const { kind, times, series, height, threshold, step, marks } = props;
  const shape = `${kind} ${height} ${threshold?.value} ${step} ${series.map(({ label, token }) => `${label}/${token}`).join()}`;

  useEffect(() => {
    latest.current = props;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape`, theme and zone stand for all that needs a new canvas
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const created = new uPlot(plotOptions(latest, element.clientWidth, zone), plotData(latest.current), element);
    plot.current = created;
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [shape, appearance, zone]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the figures come from the latest properties
  useEffect(() => {
    plot.current?.setData(plotData(latest.current));
  }, [times, series, marks]);

  return <div className="plot" ref={box} aria-hidden="true" />;
}
