import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { SessionStatus } from '@yumops/protocol';
import { Freshness } from '../../components/freshness.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { formatSpan, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { termFor } from '../logs/query-text.ts';
import { blockingTree } from './activity-tree.ts';
import { activityQuery } from './database-queries.ts';
import { EndSession } from './end-session.tsx';

const route = getRouteApi('/console/database');

/** What the sessions do just now, and who waits for whom. */
export function Activity({ database }: { database: string }) {
  const query = useQuery({ ...activityQuery(database), refetchInterval: useLiveInterval() && 3_000 });
  const { session: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const note = <Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />;
  return (
    <QueryView query={query} what="the sessions" rows={8}>
      {({ items }) => {
        const tree = blockingTree(items);
        const inTree = new Set(tree.map(({ session }) => session.pid));
        const rest = items.filter(({ pid }) => !inTree.has(pid));
        const asked = items.find(({ pid }) => String(pid) === chosen);
        return (
          <div className="database-view">
            <Panel
              title="Blocking"
              note={tree.length === 0 ? note : plural(tree.length, 'session')}
              flush={tree.length > 0}
            >
              {tree.length === 0 ? (
                <State tone="ok" word="Nobody waits for a lock" />
              ) : (
                <Sessions label="Table of blocking" rows={tree.map(({ session, depth }) => ({ session, depth }))} />
              )}
            </Panel>
            <Panel title="Sessions" note={plural(rest.length, 'session')} flush>
              <Sessions label="Table of sessions" rows={rest.map((session) => ({ session, depth: 0 }))} />
            </Panel>
            {asked && (
              <EndSession
                database={database}
                session={asked}
                close={() => void navigate({ search: (old) => ({ ...old, session: undefined }) })}
              />
            )}
          </div>
        );
      }}
    </QueryView>
  );
}

function lookOf({ state, blockers }: SessionStatus) {
  if (blockers.length > 0) return { tone: 'warn' as const, word: 'waits' };
  if (state === 'active') return { tone: 'info' as const, word: 'active', icon: 'play' as const };
  if (state?.startsWith('idle in transaction')) return { tone: 'warn' as const, word: 'idle in transaction' };
  if (state === null) return { tone: 'unknown' as const, word: 'hidden' };
  return { tone: 'none' as const, word: state };
}

const seconds = (value: number | null) => (value === null ? '' : formatSpan(Math.max(0, value) * 1_000));

/** For whom the statement runs, where it says so. */
function Asker({ session: { traceId, requestId } }: { session: SessionStatus }) {
  if (traceId === null && requestId === null) return null;
  return (
    <span className="session-asker">
      {traceId !== null && (
        <Link to="/traces/$id" params={{ id: traceId }}>
          Trace
        </Link>
      )}
      {requestId !== null && (
        <Link to="/logs" search={{ q: termFor('requestId', requestId, false) }}>
          Log of the request
        </Link>
      )}
    </span>
  );
}

function Sessions({ label, rows }: { label: string; rows: readonly { session: SessionStatus; depth: number }[] }) {
  return (
    <ScrollRegion className="database-scroll" label={label}>
      <table className="sessions">
        <thead>
          <tr>
            <th>Session</th>
            <th>State</th>
            <th>Statement</th>
            <th className="number">For</th>
            <th className="number">In transaction</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ session, depth }) => (
            <tr key={session.pid}>
              <td>
                <span className="session-name" data-depth={Math.min(depth, 6)}>
                  {depth > 0 && <span aria-hidden="true">└ </span>}
                  <span className="figures">{session.pid}</span> {session.application ?? session.user}
                  {session.application !== null && session.user !== null && (
                    <span className="quiet"> as {session.user}</span>
                  )}
                </span>
              </td>
              <td>
                <State {...lookOf(session)} />
                {session.waitsFor !== null && <div className="quiet">{session.waitsFor}</div>}
              </td>
              <td className="session-query">
                <code>{session.query ?? ''}</code>
                <Asker session={session} />
              </td>
              <td className="number" data-label="for">
                {seconds(session.inState)}
              </td>
              <td className="number" data-label="in transaction for">
                {seconds(session.inTransaction)}
              </td>
              <td>
                <route.Link
                  to="."
                  search={(old: object) => ({ ...old, session: String(session.pid) })}
                  aria-label={`End session ${session.pid}`}
                >
                  End …
                </route.Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
