import { useQuery } from '@tanstack/react-query';
import { alertsQuery } from '../../api/queries.ts';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { AlertRow } from './alert-row.tsx';

/** Alerts that have ended, newest first, with how long each lasted. */
export function History() {
  const query = useQuery({ ...alertsQuery('resolved'), refetchInterval: useLiveInterval() });
  const list = useListKeys<HTMLUListElement>();
  return (
    <Panel title="Resolved" note={query.data && String(query.data.items.length)} flush>
      <QueryView query={query} what="the history" rows={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No alert has ended yet">
              Every alert that fires stands here after it resolves, with its reasons.
            </Empty>
          ) : (
            <ul ref={list}>
              {items.map((alert) => (
                <li key={alert.id}>
                  <AlertRow alert={alert} past />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}
