import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ConnectionGroup, Connections as ConnectionsAnswer } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Choice } from '../../components/choice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { formatCount, formatPercent, plural, UNKNOWN } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { connectionsQuery, GROUPINGS, type Grouping, readGrouping } from './database-queries.ts';
import { SpanChoice, useSpan } from './span-choice.tsx';

const route = getRouteApi('/console/database');

const OTHER = 'other';
const DRAWN = 5;

/** Who is connected to the server, now and over time, by user, application and state. */
export function Connections({ database }: { database: string }) {
  const span = useSpan();
  const by = readGrouping(route.useSearch().by);
  const query = useQuery({ ...connectionsQuery(database, span, by), refetchInterval: useLiveInterval() });
  return (
    <div className="database-view">
      <div className="database-actions">
        <SpanChoice />
        <GroupingChoice by={by} />
      </div>
      <QueryView query={query} what="the connections" rows={8}>
        {(connections) => <Seen connections={connections} span={span} by={by} />}
      </QueryView>
    </div>
  );
}

function GroupingChoice({ by }: { by: Grouping }) {
  const navigate = route.useNavigate();
  return (
    <Choice
      label="By"
      value={by}
      options={GROUPINGS}
      onChange={(value) => void navigate({ search: (old) => ({ ...old, by: value }) })}
    />
  );
}

/** The labels with the most connections each have a colour; the rest shares one. */
function seriesOf({ points }: ConnectionsAnswer) {
  const totals = new Map<string, number>();
  for (const { connections } of points) {
    for (const [label, count] of Object.entries(connections)) totals.set(label, (totals.get(label) ?? 0) + count);
  }
  const labels = [...totals].sort((a, b) => b[1] - a[1]).map(([label]) => label);
  const valuesOf = (names: readonly string[]) =>
    points.map(({ connections }) =>
      Object.keys(connections).length === 0 ? null : names.reduce((sum, name) => sum + (connections[name] ?? 0), 0),
    );
  const series = labels.slice(0, DRAWN).map((label, place) => ({
    label: label || UNKNOWN,
    token: `series-${place + 1}`,
    values: valuesOf([label]),
  }));
  const rest = labels.slice(DRAWN);
  return rest.length === 0 ? series : [...series, { label: OTHER, token: 'series-6', values: valuesOf(rest) }];
}

function Seen({ connections, span, by }: { connections: ConnectionsAnswer; span: string; by: Grouping }) {
  const { total, usable, groups, points } = connections;
  const times = points.map(({ at }) => at);
  return (
    <>
      <Panel
        title="Connections"
        note={`${total} of ${usable} usable are taken (${formatPercent((total / usable) * 100)})`}
      >
        <TimeChart
          title={`on average, by ${by}`}
          summary={`Average number of connections over the last ${span}, by ${by}`}
          kind="bars"
          times={times}
          step={(times[1] ?? 0) - (times[0] ?? 0)}
          series={seriesOf(connections)}
          format={formatCount}
          height={180}
          threshold={{ value: usable, label: 'usable' }}
        />
      </Panel>
      <Panel title="Now" note={plural(groups.length, 'group')} flush>
        <Groups groups={groups} usable={usable} />
      </Panel>
    </>
  );
}

function Groups({ groups, usable }: { groups: readonly ConnectionGroup[]; usable: number }) {
  return (
    <ScrollRegion className="database-scroll" label="Table of connections">
      <table>
        <thead>
          <tr>
            <th>User</th>
            <th>Application</th>
            <th>State</th>
            <th className="number">Connections</th>
            <th className="number">Of the usable</th>
          </tr>
        </thead>
        <tbody>
          {groups.map(({ user, application, state, count }) => (
            <tr key={JSON.stringify([user, application, state])}>
              <td>{user || UNKNOWN}</td>
              <td>{application || <span className="quiet">gives no name</span>}</td>
              <td>{state}</td>
              <td className="number">{formatCount(count)}</td>
              <td className="number">{formatPercent((count / usable) * 100)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
