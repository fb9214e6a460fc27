import type { CheckPhase, MonitorHistory } from '@yumops/protocol';
import { formatMilliseconds, UNKNOWN } from '../../format/number.ts';

const LABELS: Record<CheckPhase, string> = {
  total: 'All of it',
  dns: 'DNS',
  connect: 'Connect',
  tls: 'TLS',
  firstByte: 'First byte',
  body: 'Body',
};

/** How long good checks took in the last day, by phase. */
export function PercentileTable({ history }: { history: MonitorHistory }) {
  const phases = history.phases.filter(({ p50 }) => p50 !== null);
  if (phases.length === 0) return <p className="monitor-none">No good check in the last day.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Phase</th>
          {['Half', '95 of 100', '99 of 100'].map((head) => (
            <th scope="col" className="number" key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {phases.map(({ phase, p50, p95, p99 }) => (
          <tr key={phase}>
            <th scope="row">{LABELS[phase]}</th>
            {[p50, p95, p99].map((value, index) => (
              <td className="number" key={['p50', 'p95', 'p99'][index]}>
                {value === null ? UNKNOWN : formatMilliseconds(value)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
