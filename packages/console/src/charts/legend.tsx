import type { ChartSeries } from './time-chart.tsx';

export interface LegendProps {
  series: readonly ChartSeries[];
  /** Index of the time under the crosshair. */
  hovered: number | null;
  format(value: number): string;
}

/** Names the series; under the crosshair also their values. */
export function Legend({ series, hovered, format }: LegendProps) {
  return (
    <ul className="legend">
      {series.map(({ label, token, values }) => {
        const value = hovered === null ? undefined : values[hovered];
        return (
          <li key={label}>
            <svg className="legend-swatch" viewBox="0 0 10 10" aria-hidden="true" style={{ color: `var(--${token})` }}>
              <rect width="10" height="10" rx="2" />
            </svg>
            {label}
            {value !== undefined && (
              <span className="legend-value figures">{value === null ? 'unknown' : format(value)}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
