import { useQuery } from '@tanstack/react-query';
import type { IncidentFigures } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { formatSpan, plural } from '../../format/number.ts';
import { statisticsQuery } from './incident-queries.ts';

const TIMES = [
  { name: 'detect', title: 'Time to detect', about: 'from the fault to its detection' },
  { name: 'acknowledge', title: 'Time to acknowledge', about: 'from the detection until somebody took it' },
  { name: 'mitigate', title: 'Time to mitigate', about: 'from the fault until it did no more harm' },
  { name: 'resolve', title: 'Time to resolve', about: 'from the fault to its end' },
] as const;

const span = (ms: number | null) => (ms === null ? 'not known' : formatSpan(ms));

/** How long it took over the last 90 days, over all and by rule. */
export function Figures() {
  return (
    <QueryView query={useQuery(statisticsQuery)} what="the figures" rows={6}>
      {({ incidents, reopened, bySeverity, figures, byRule }) =>
        incidents === 0 ? (
          <Empty title="No incident in 90 days">
            Median and p90 of the four times will stand here. Drills do not count.
          </Empty>
        ) : (
          <div className="incidents">
            <p className="quiet">
              {plural(incidents, 'incident')} in 90 days: {bySeverity.critical} critical, {bySeverity.major} major,{' '}
              {bySeverity.minor} minor; {reopened} opened again. Drills and cancelled ones do not count.
            </p>
            <ul className="figures-cards">
              {TIMES.map(({ name, title, about }) => (
                <li key={name} className="panel figure-card">
                  <h2>{title}</h2>
                  <p className="figure-value">{span(figures[name].median)}</p>
                  <p className="quiet">
                    median of {figures[name].count}, p90 {span(figures[name].p90)}
                  </p>
                  <p className="quiet">{about}</p>
                </li>
              ))}
            </ul>
            <Panel title="By rule" flush>
              <ByRule rows={byRule} />
            </Panel>
          </div>
        )
      }
    </QueryView>
  );
}

function ByRule({ rows }: { rows: readonly { rule: string; incidents: number; figures: IncidentFigures }[] }) {
  if (rows.length === 0) return <p className="incident-none">No incident came from an alert.</p>;
  return (
    <ScrollRegion className="incident-table" label="Times by rule">
      <table>
        <thead>
          <tr>
            <th>Rule</th>
            <th>Incidents</th>
            {TIMES.map(({ name, title }) => (
              <th key={name}>{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ rule, incidents, figures }) => (
            <tr key={rule}>
              <td>{rule}</td>
              <td>{incidents}</td>
              {TIMES.map(({ name }) => (
                <td key={name}>{span(figures[name].median)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
