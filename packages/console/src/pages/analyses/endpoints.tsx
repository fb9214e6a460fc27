import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { EndpointAnalysis } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { formatMilliseconds, plural } from '../../format/number.ts';
import { type AnalysisFilter, analysisQuery, timesOf } from './analyses-queries.ts';

/** Endpoints that have a line in the chart; more cannot be told apart. */
const DRAWN = 5;
const SHOWN = 12;

/** How long requests take, by route: the slowest on average first. */
export function Endpoints({ filter }: { filter: AnalysisFilter }) {
  const query = useQuery(analysisQuery('endpoints', filter));
  return (
    <Panel title="Endpoint performance" note={query.data && plural(query.data.items.length, 'endpoint')}>
      <QueryView query={query} what="the endpoints" rows={6}>
        {(answer) =>
          answer.items.length === 0 ? (
            <Empty title="No timed requests in this range">Request logs and `logger.performance` are timed.</Empty>
          ) : (
            <Figures answer={answer} />
          )
        }
      </QueryView>
    </Panel>
  );
}

function Figures({ answer }: { answer: EndpointAnalysis }) {
  const drawn = answer.items.slice(0, DRAWN);
  const [slowest] = answer.items;
  return (
    <div className="analysis-pair">
      <TimeChart
        title="95th percentile of the slowest"
        summary={`Slowest on average is ${slowest?.endpoint} with ${formatMilliseconds(slowest?.avg ?? 0)}.`}
        kind="lines"
        height={220}
        times={timesOf(answer)}
        series={drawn.map(({ endpoint, series }, index) => ({
          label: endpoint === '' ? 'without a route' : endpoint,
          token: `series-${index + 1}`,
          values: series ?? [],
        }))}
        format={formatMilliseconds}
      />
      <ScrollRegion label="Endpoints">
        <table>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col" className="number">
                Requests
              </th>
              <th scope="col" className="number">
                Average
              </th>
              <th scope="col" className="number">
                p95
              </th>
              <th scope="col" className="number">
                Longest
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.items.slice(0, SHOWN).map(({ endpoint, count, avg, p95, max }) => (
              <tr key={endpoint}>
                <th scope="row">
                  {endpoint === '' ? (
                    'without a route'
                  ) : (
                    <Link to="/logs" search={{ q: `type:performance endpoint:"${endpoint}"` }}>
                      {endpoint}
                    </Link>
                  )}
                </th>
                <td className="number figures">{count.toLocaleString('en')}</td>
                <td className="number figures">{formatMilliseconds(avg)}</td>
                <td className="number figures">{formatMilliseconds(p95)}</td>
                <td className="number figures">{formatMilliseconds(max)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}
