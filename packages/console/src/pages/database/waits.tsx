import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { WaitLoad, WaitPoint, Waits as WaitsAnswer } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount, formatPercent, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { waitsQuery } from './database-queries.ts';
import { SpanChoice, useSpan } from './span-choice.tsx';

const route = getRouteApi('/console/database');

/** What each type of event means, in the order of the chart. */
const MEANINGS: Readonly<Record<string, string>> = {
  CPU: 'runs, and waits for nothing',
  IO: 'waits for the disk',
  Lock: 'waits for what another session holds',
  LWLock: 'waits for a structure inside the server',
  Client: 'waits for the application',
  IPC: 'waits for another process of the server',
  BufferPin: 'waits for a page that is in use',
  Timeout: 'sleeps',
  Extension: 'waits inside an extension',
};

const OTHER = 'other';
const DRAWN = 5;

/** What the active sessions wait for, over time and by event, with the statements that wait. */
export function Waits({ database }: { database: string }) {
  const span = useSpan();
  const query = useQuery({ ...waitsQuery(database, span), refetchInterval: useLiveInterval() });
  return (
    <div className="database-view">
      <SpanChoice />
      <QueryView query={query} what="what the sessions wait for" rows={8}>
        {(waits) => (waits.items.length === 0 ? <Nobody /> : <Found waits={waits} span={span} />)}
      </QueryView>
    </div>
  );
}

function Nobody() {
  return (
    <Empty title="No session was at work in this time">
      Active sessions are looked at every 5 seconds. What they wait for will be here, with the statements that wait.
    </Empty>
  );
}

/** The types that take the most time each have a colour; the rest shares one. */
function seriesOf({ items, points }: WaitsAnswer) {
  const totals = new Map<string, number>();
  for (const { type, seconds } of items) totals.set(type, (totals.get(type) ?? 0) + seconds);
  const types = [...totals].sort((a, b) => b[1] - a[1]).map(([type]) => type);
  const drawn = types.slice(0, DRAWN);
  const rest = types.slice(DRAWN);
  const valuesOf = (names: readonly string[]) =>
    points.map(({ sessions }: WaitPoint) => names.reduce((sum, name) => sum + (sessions[name] ?? 0), 0));
  const series = drawn.map((type, place) => ({
    label: type,
    token: `series-${place + 1}`,
    values: valuesOf([type]),
  }));
  return rest.length === 0 ? series : [...series, { label: OTHER, token: 'series-6', values: valuesOf(rest) }];
}

function Found({ waits, span }: { waits: WaitsAnswer; span: string }) {
  const times = waits.points.map(({ at }) => at);
  return (
    <>
      <Panel title="Active sessions">
        <TimeChart
          title="on average, by what they wait for"
          summary={`Average number of active sessions over the last ${span}, by type of wait`}
          kind="bars"
          times={times}
          step={(times[1] ?? 0) - (times[0] ?? 0)}
          series={seriesOf(waits)}
          format={formatCount}
          height={180}
        />
      </Panel>
      <Panel title="Waits" note={`${plural(waits.items.length, 'event')}, the longest first`} flush>
        <ul>
          {waits.items.map((wait) => (
            <Row key={`${wait.type} ${wait.event}`} wait={wait} />
          ))}
        </ul>
      </Panel>
    </>
  );
}

function Row({ wait: { type, event, share, sessions, statements } }: { wait: WaitLoad }) {
  return (
    <li className="wait">
      <div className="wait-event">
        <strong>{type === event ? type : `${type}: ${event}`}</strong>
        {MEANINGS[type] !== undefined && <span className="quiet">{MEANINGS[type]}</span>}
      </div>
      <span className="share figures">
        <meter value={share} max={1} aria-hidden="true" />
        {formatPercent(share * 100)}
      </span>
      <span className="figures">{formatCount(sessions)} sessions</span>
      <ul className="wait-statements">
        {statements.map(({ id, query }) => (
          <li key={id || query}>
            {id === '' ? (
              <code className="truncate">{query}</code>
            ) : (
              <route.Link to="." search={(old: object) => ({ ...old, view: 'queries', query: id })}>
                <code className="truncate">{query}</code>
              </route.Link>
            )}
          </li>
        ))}
      </ul>
    </li>
  );
}
