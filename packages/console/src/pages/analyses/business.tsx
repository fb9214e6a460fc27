import { useQuery } from '@tanstack/react-query';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount, plural } from '../../format/number.ts';
import { type AnalysisFilter, analysisQuery, timesOf } from './analyses-queries.ts';

const DRAWN = 6;

/** What matters to the business, counted over time. */
export function Business({ filter }: { filter: AnalysisFilter }) {
  const query = useQuery(analysisQuery('business', filter));
  const total = query.data?.items.reduce((sum, { count }) => sum + count, 0) ?? 0;
  return (
    <Panel title="Business events" note={total > 0 ? plural(total, 'event') : undefined}>
      <QueryView query={query} what="the business events" rows={5}>
        {(answer) =>
          answer.items.length === 0 ? (
            <Empty title="No business events in this range">
              Registrations, orders and ratings stand here: <code>logger.businessEvent(name)</code> on the server,{' '}
              <code>track(name)</code> in pages.
            </Empty>
          ) : (
            <TimeChart
              title="Events"
              summary={answer.items.map(({ event, count }) => `${count.toLocaleString('en')} ${event}`).join(', ')}
              kind="lines"
              height={200}
              times={timesOf(answer)}
              series={answer.items.slice(0, DRAWN).map(({ event, series }, index) => ({
                label: event,
                token: `series-${index + 1}`,
                values: series,
              }))}
              format={formatCount}
            />
          )
        }
      </QueryView>
    </Panel>
  );
}
