import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { SecurityAnalysis } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { formatCount, plural } from '../../format/number.ts';
import { type AnalysisFilter, analysisQuery, timesOf } from './analyses-queries.ts';

const DRAWN = 5;
const TONES: Record<string, 'bad' | 'warn' | 'info'> = { critical: 'bad', high: 'bad', medium: 'warn' };

/** Security events by kind and severity, with how many addresses they came from. */
export function Security({ filter }: { filter: AnalysisFilter }) {
  const query = useQuery(analysisQuery('security', filter));
  const total = query.data?.items.reduce((sum, { count }) => sum + count, 0) ?? 0;
  return (
    <Panel title="Security events" note={total > 0 ? plural(total, 'event') : undefined}>
      <QueryView query={query} what="the security events" rows={6}>
        {(answer) =>
          answer.items.length === 0 ? (
            <Empty title="No security events in this range">
              Sign-ins that failed and the like stand here: `logger.securityEvent`.
            </Empty>
          ) : (
            <Figures answer={answer} total={total} />
          )
        }
      </QueryView>
    </Panel>
  );
}

function Figures({ answer, total }: { answer: SecurityAnalysis; total: number }) {
  return (
    <div className="analysis-pair">
      <TimeChart
        title="Events"
        summary={`${plural(total, 'event')} of ${plural(answer.items.length, 'kind')}.`}
        kind="bars"
        height={200}
        times={timesOf(answer)}
        step={answer.stepMs}
        series={answer.items.slice(0, DRAWN).map(({ event, severity, series }, index) => ({
          label: severity === '' ? event : `${event} (${severity})`,
          token: `series-${index + 1}`,
          values: series,
        }))}
        format={formatCount}
      />
      <ScrollRegion label="Security events by kind">
        <table>
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">Severity</th>
              <th scope="col" className="number">
                Events
              </th>
              <th scope="col" className="number">
                Addresses
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.items.map(({ event, severity, count, addresses }) => (
              <tr key={`${event} ${severity}`}>
                <th scope="row">
                  <Link to="/logs" search={{ q: `type:security event:${event}` }}>
                    {event === '' ? 'without a name' : event}
                  </Link>
                </th>
                <td>
                  {severity === '' ? (
                    <span className="quiet">not told</span>
                  ) : (
                    <State tone={TONES[severity] ?? 'info'} word={severity} />
                  )}
                </td>
                <td className="number figures">{count.toLocaleString('en')}</td>
                <td className="number figures">{addresses.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}
