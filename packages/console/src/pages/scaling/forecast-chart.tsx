import type { CapacityResource } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Empty } from '../../components/notice.tsx';
import { formatUnit, withoutTitle } from './scaling-look.ts';

/** A limit that lies further above all values than this would press them to the ground. */
const FAR = 20;

/** What was measured, how it is expected to go on with the range of 9 in 10 values, and the limit. */
export function ForecastChart({ resource }: { resource: CapacityResource }) {
  const { unit, history, band, limit } = resource;
  if (history.length === 0) {
    return (
      <Empty title="Nothing was measured yet">
        The first level comes within a minute of the start of the platform.
      </Empty>
    );
  }
  const gap = (points: readonly unknown[]) => points.map(() => null);
  const of = (key: 'low' | 'mean' | 'high') => [...gap(history), ...band.map((point) => point[key])];
  const highest = Math.max(...history.map(({ value }) => value), ...band.map(({ high }) => high));
  const shown = limit !== null && limit <= highest * FAR;
  return (
    <TimeChart
      title="History and forecast"
      summary={withoutTitle(resource)}
      kind="lines"
      height={260}
      times={[...history, ...band].map(({ at }) => at)}
      series={[
        { label: 'Measured', token: 'series-1', values: [...history.map(({ value }) => value), ...gap(band)] },
        ...(band.length === 0
          ? []
          : [
              { label: 'Highest of 9 in 10', token: 'series-5', values: of('high') },
              { label: 'Expected', token: 'series-3', values: of('mean') },
              { label: 'Lowest of 9 in 10', token: 'series-5', values: of('low') },
            ]),
      ]}
      {...(band.length > 0 && { band: { high: 1, low: 3, token: 'hover' } })}
      {...(shown && { threshold: { value: limit, label: `Limit ${formatUnit(limit, unit)}` } })}
      format={(value) => formatUnit(value, unit)}
    />
  );
}
