import { useQuery } from '@tanstack/react-query';
import { notificationsQuery } from '../../api/queries.ts';
import { useAskedSpan } from '../../components/asked-span.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { NotificationTable } from './notification-table.tsx';

/** Every message to every target, with its receipt. */
export function Deliveries() {
  const span = useAskedSpan();
  const query = useQuery({ ...notificationsQuery(span), refetchInterval: useLiveInterval() });
  return (
    <Panel title="Deliveries" note={query.data && String(query.data.items.length)} flush>
      <QueryView query={query} what="the deliveries" rows={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={span === null ? 'Nobody was told anything yet' : 'Nobody was told anything then'}>
              Each message stands here with its target, attempts and receipt.
            </Empty>
          ) : (
            <NotificationTable items={items} showRule />
          )
        }
      </QueryView>
    </Panel>
  );
}
