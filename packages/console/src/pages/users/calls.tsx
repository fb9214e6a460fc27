import { useQuery } from '@tanstack/react-query';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { formatMilliseconds, formatPercent } from '../../format/number.ts';
import { callsQuery, type VitalFilter } from './users-queries.ts';

/** API calls as browsers saw them, those that cost people most time first. */
export function Calls({ filter }: { filter: VitalFilter }) {
  const query = useQuery(callsQuery(filter));
  return (
    <Panel title="API calls as browsers see them" flush>
      <QueryView query={query} what="the API calls" rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No API calls in this time">
              Requests of pages to paths with /api/ of their own site are timed.
            </Empty>
          ) : (
            <ul>
              {items.map(({ method, name, count, p75, failed }) => (
                <li key={`${method} ${name}`} className="cause">
                  <span className="truncate">
                    <strong>{method}</strong> <code>{name}</code>
                  </span>
                  <span className="figures">{formatMilliseconds(p75)}</span>
                  {failed > 0 ? (
                    <State tone="bad" word={`${formatPercent(failed * 100)} of ${count.toLocaleString('en')} failed`} />
                  ) : (
                    <span className="quiet">{count.toLocaleString('en')} calls</span>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}
