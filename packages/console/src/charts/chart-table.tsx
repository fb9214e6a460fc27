import { ScrollRegion } from '../components/scroll-region.tsx';
import { formatInstant } from '../time/format.ts';
import { useZone, zoneName } from '../time/zone.ts';
import type { TimeChartProps } from './time-chart.tsx';

/** The figures behind a chart, newest first. */
export function ChartTable({ title, times, series, format }: TimeChartProps) {
  const zone = useZone();
  return (
    <ScrollRegion className="chart-table" label={`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time ({zoneName(zone)})</th>
            {series.map(({ label }) => (
              <th scope="col" className="number" key={label}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times
            .map((time, index) => (
              <tr key={time}>
                <td>{formatInstant(time, zone)}</td>
                {series.map(({ label, values }) => (
                  <td className="number" key={label}>
                    {values[index] == null ? 'unknown' : format(values[index])}
                  </td>
                ))}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
