import { useQuery } from '@tanstack/react-query';
import type { ProbeAgent, ProbeToken } from '@yumops/protocol';
import { meQuery, probesQuery, probeTokensQuery } from '../../api/queries.ts';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatCount } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';

const LOOK = {
  live: { tone: 'ok', word: 'Live' },
  away: { tone: 'bad', word: 'Silent' },
  left: { tone: 'none', word: 'Stopped' },
} as const;

/** Agents that check from other places, and their tokens. */
export function Probes() {
  const query = useQuery({ ...probesQuery, refetchInterval: useLiveInterval() });
  const isAdmin = useQuery(meQuery).data?.role === 'admin';
  return (
    <div className="probes">
      <Panel title="Probe agents" note={query.data && String(query.data.items.length)} flush>
        <QueryView query={query} what="the agents" rows={4}>
          {({ items }) => (items.length === 0 ? <NoAgents /> : <Agents agents={items} />)}
        </QueryView>
      </Panel>
      {isAdmin && <Tokens />}
    </div>
  );
}

function NoAgents() {
  return (
    <Empty title="Everything is checked from here">
      <p>An agent in another place tells whether it is the target or the way to it. Make a token for the place:</p>
      <Command line="yumops token probe --location fra" />
      <p>and start the agent there:</p>
      <Command line={`YUMOPS_PROBE_TOKEN=… yumops probe --server ${window.location.origin}`} />
    </Empty>
  );
}

function Agents({ agents }: { agents: readonly ProbeAgent[] }) {
  return (
    <ScrollRegion className="probe-scroll" label="Agents">
      <table>
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">Place</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Monitors
            </th>
            <th scope="col" className="number">
              Waiting
            </th>
            <th scope="col" className="number">
              Given up
            </th>
            <th scope="col">Last heard</th>
            <th scope="col">Version</th>
          </tr>
        </thead>
        <tbody>
          {agents.map(({ id, name, location, state, monitors, waiting, dropped, lastSeenAt, version, trouble }) => (
            <tr key={id}>
              <th scope="row">
                {name}
                {trouble !== null && <span className="probe-trouble">{trouble}</span>}
              </th>
              <td>{location}</td>
              <td>
                <State {...LOOK[state]} />
              </td>
              <td className="number">{formatCount(monitors)}</td>
              <td className="number">{formatCount(waiting)}</td>
              <td className="number">{formatCount(dropped)}</td>
              <td>
                <When at={lastSeenAt} />
              </td>
              <td className="quiet">{version}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function Tokens() {
  const query = useQuery(probeTokensQuery);
  return (
    <Panel title="Tokens" note="made by yumops token probe" flush>
      <QueryView query={query} what="the tokens" rows={3}>
        {({ items }) =>
          items.length === 0 ? <p className="monitor-none">None yet.</p> : <TokenTable tokens={items} />
        }
      </QueryView>
    </Panel>
  );
}

function TokenTable({ tokens }: { tokens: readonly ProbeToken[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Place</th>
          <th scope="col">Made</th>
          <th scope="col">Last used</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {tokens.map(({ id, location, createdAt, lastUsedAt, revokedAt }) => (
          <tr key={id}>
            <th scope="row">{location}</th>
            <td>
              <When at={createdAt} />
            </td>
            <td>{lastUsedAt === null ? 'never' : <When at={lastUsedAt} />}</td>
            <td>{revokedAt === null ? <State tone="ok" word="Good" /> : <State tone="none" word="Revoked" />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
