import type { SlaFigure } from '@yumops/protocol';
import { formatPercent, formatSpan, UNKNOWN } from '../../format/number.ts';

const ROLLING: Record<string, string> = { '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' };

/** How available it was, by period; months without data are left out. */
export function AvailabilityTable({ figures }: { figures: readonly SlaFigure[] }) {
  const shown = figures.filter(({ period, uptime, planned }) => period in ROLLING || uptime !== null || planned > 0);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Period</th>
          <th scope="col" className="number">
            Available
          </th>
          <th scope="col" className="number">
            Down
          </th>
          <th scope="col" className="number">
            Outages
          </th>
          <th scope="col" className="number">
            Longest
          </th>
          <th scope="col" className="number">
            Planned
          </th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ period, uptime, down, outages, longest, planned }) => (
          <tr key={period}>
            <th scope="row" className="period">
              {ROLLING[period] ?? period}
            </th>
            <td className="number">{uptime === null ? UNKNOWN : formatPercent(uptime)}</td>
            <td className="number">{formatSpan(down * 1_000)}</td>
            <td className="number">{outages}</td>
            <td className="number">{outages === 0 ? 'none' : formatSpan(longest * 1_000)}</td>
            <td className="number">{planned === 0 ? 'none' : formatSpan(planned * 1_000)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
