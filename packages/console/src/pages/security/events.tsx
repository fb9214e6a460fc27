import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecurityEventItem } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { Attacks } from './attacks.tsx';
import { eventLook, shortAccount } from './security-look.ts';
import { eventsQuery, type SecurityFilter } from './security-queries.ts';

const route = getRouteApi('/console/security');

/** What happened, newest first; of one address, network or account it is its timeline, with the attacks it is part of. */
export function Events({ filter }: { filter: SecurityFilter }) {
  const query = useQuery(eventsQuery(filter));
  const isTimeline = filter.ip !== undefined || filter.account !== undefined || filter.network !== undefined;
  return (
    <div className="security-lists">
      <QueryView query={query} what="the events" rows={8}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty title="No security event in this range" />
          ) : (
            <Panel
              title={isTimeline ? 'Timeline' : 'Events'}
              note={nextCursor === null ? String(items.length) : `the newest ${items.length}`}
              flush
            >
              <ul>
                {items.map((item) => (
                  <Row key={item.id} item={item} />
                ))}
              </ul>
            </Panel>
          )
        }
      </QueryView>
      {isTimeline && <Attacks filter={filter} open={undefined} />}
    </div>
  );
}

function Row({ item }: { item: SecurityEventItem }) {
  const { ip, account, userId, reason, endpoint, method, service, country } = item;
  const facts = [
    reason?.replaceAll('_', ' '),
    endpoint === null ? null : `${method ?? ''} ${endpoint}`.trim(),
    service,
    country,
  ];
  return (
    <li className="security-event">
      <span className="quiet">
        <Instant at={item.timestamp} />
      </span>
      <State {...eventLook(item)} />
      <span className="security-who">
        {ip !== null && (
          <route.Link to="." search={(old) => ({ ...old, ip })} className="mono">
            {ip}
          </route.Link>
        )}
        {account !== null && (
          <route.Link to="." search={(old) => ({ ...old, account })} className="mono" title={account}>
            {shortAccount(account)}
          </route.Link>
        )}
        {account === null && userId !== null && <span className="mono">user {userId}</span>}
      </span>
      <span className="quiet truncate">{facts.filter((fact) => fact).join(' · ')}</span>
    </li>
  );
}
