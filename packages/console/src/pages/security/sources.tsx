import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecuritySource } from '@yumops/protocol';
import { Sparkline } from '../../charts/sparkline.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { When } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { type SecurityFilter, sourcesQuery } from './security-queries.ts';

const route = getRouteApi('/console/security');

/** Networks from which events came, those with most failures first. */
export function Sources({ filter }: { filter: SecurityFilter }) {
  const query = useQuery(sourcesQuery(filter));
  return (
    <QueryView query={query} what="the sources" rows={6}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No event with an address in this range" />
        ) : (
          <Panel title="Sources by network" note={String(items.length)} flush>
            <div className="security-scroll">
              <table className="security-table">
                <thead>
                  <tr>
                    <th>Network</th>
                    <th>Failures</th>
                    <th className="security-trend">Over the range</th>
                    <th>Succeeded</th>
                    <th>Addresses</th>
                    <th>Accounts</th>
                    <th>Last</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((source) => (
                    <Row key={source.network} source={source} />
                  ))}
                </tbody>
              </table>
            </div>
          </Panel>
        )
      }
    </QueryView>
  );
}

function Row({ source }: { source: SecuritySource }) {
  const { network, country, failures, successes, addresses, accounts, trend, lastAt } = source;
  return (
    <tr>
      <td>
        <route.Link to="." search={(old) => ({ ...old, view: 'events', network })} className="mono">
          {network}
        </route.Link>
        {country !== null && <span className="quiet"> {country}</span>}
      </td>
      <td className="figures">{failures.toLocaleString('en')}</td>
      <td className="security-trend">
        <Sparkline values={trend} summary={`${plural(failures, 'failure')} of ${network} over the range`} />
      </td>
      <td className="figures">{successes.toLocaleString('en')}</td>
      <td className="figures">{addresses.toLocaleString('en')}</td>
      <td className="figures">{accounts.toLocaleString('en')}</td>
      <td className="quiet">
        <When at={lastAt} />
      </td>
    </tr>
  );
}
