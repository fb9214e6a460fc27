import type { SlaFigure } from '@yumops/protocol';
import { formatPercent, formatSpan, UNKNOWN } from '../../format/number.ts';

const ROLLING: Record<string, string> = { '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' };

/** How available it was, by period; months without data are left out. */
export function AvailabilityTable({ figures }: { figures: readonly SlaFigure[] }) {
  const shown = figures.filter(({ period, uptime, planned }) => period in ROLLING || uptime !== null || planned > 0);
  return (
    <table>
      <AvailabilityHead first="Period" />
      <tbody>
        {shown.map((figure) => (
          <tr key={figure.period}>
            <th scope="row" className="period">
              {ROLLING[figure.period] ?? figure.period}
            </th>
            <AvailabilityCells figure={figure} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const COLUMNS = ['Available', 'Down', 'Outages', 'Longest', 'Planned'];

export function AvailabilityHead({ first }: { first: string }) {
  return (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        {COLUMNS.map((name) => (
          <th key={name} scope="col" className="number">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

export function AvailabilityCells({ figure: { uptime, down, outages, longest, planned } }: { figure: SlaFigure }) {
  return (
    <>
      <td className="number">{uptime === null ? UNKNOWN : formatPercent(uptime)}</td>
      <td className="number">{formatSpan(down * 1_000)}</td>
      <td className="number">{outages}</td>
      <td className="number">{outages === 0 ? 'none' : formatSpan(longest * 1_000)}</td>
      <td className="number">{planned === 0 ? 'none' : formatSpan(planned * 1_000)}</td>
    </>
  );
}
