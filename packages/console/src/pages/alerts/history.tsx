import { useQuery } from '@tanstack/react-query';
import { alertsBetweenQuery, alertsQuery } from '../../api/queries.ts';
import { useAskedSpan } from '../../components/asked-span.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { AlertRow } from './alert-row.tsx';

/** Alerts that have ended, newest first, with how long each lasted; or all that began to fire in a stretch of time. */
export function History() {
  const span = useAskedSpan();
  const asked = span === null ? alertsQuery('resolved') : alertsBetweenQuery(span);
  const query = useQuery({ ...asked, refetchInterval: useLiveInterval() });
  const list = useListKeys<HTMLUListElement>();
  return (
    <Panel
      title={span === null ? 'Resolved' : 'Began to fire'}
      note={query.data && `${query.data.items.length}${query.data.nextCursor === null ? '' : ', the newest'}`}
      flush
    >
      <QueryView query={query} what="the history" rows={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={span === null ? 'No alert has ended yet' : 'No alert began to fire then'}>
              Every alert that fires stands here after it resolves, with its reasons.
            </Empty>
          ) : (
            <ul ref={list}>
              {items.map((alert) => (
                <li key={alert.id}>
                  <AlertRow alert={alert} past={alert.state === 'resolved'} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}
