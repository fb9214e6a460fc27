import { formatDuration } from '../../../lib/duration.ts';
import type { Remark } from '../finding.ts';
import { normaliseQuery } from '../normalise.ts';
import { type ProbeContext, queryProbe } from '../probe.ts';

/** A session that waits for a lock or that others wait for. */
export interface LockRow {
  pid: number;
  /** Sessions that it waits for; 0 stands for a prepared transaction. */
  blockers: number[];
  user: string | null;
  application: string | null;
  state: string | null;
  query: string | null;
  /** Seconds. */
  waiting: number | null;
  inTransaction: number | null;
}

/** The sessions of the blocking tree; both the probe and `yumops db locks` read it. */
export const LOCKS_SQL = `
  WITH waiting AS MATERIALIZED (
    SELECT pid, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
  ), involved AS (
    SELECT pid FROM waiting UNION SELECT unnest(blockers) FROM waiting
  )
  SELECT i.pid, coalesce(w.blockers, '{}') AS blockers, a.usename AS user, a.application_name AS application, a.state,
         a.query,
         (SELECT extract(epoch FROM clock_timestamp() - min(l.waitstart))::float8
          FROM pg_locks l WHERE l.pid = i.pid AND NOT l.granted) AS waiting,
         extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS "inTransaction"
  FROM involved i LEFT JOIN waiting w USING (pid) LEFT JOIN pg_stat_activity a USING (pid)
  ORDER BY i.pid`;

/** A session and those that wait for it, directly or through others. */
export interface LockTree {
  root: LockRow;
  /** In the order of the chain: nearest first. */
  waiters: LockRow[];
}

/** Groups sessions by the one that all the others of its group wait for. */
export function lockTrees(rows: readonly LockRow[]): LockTree[] {
  const roots = rows.filter(({ blockers }) => blockers.length === 0);
  return roots.map((root) => ({ root, waiters: waitersOf(root, rows) })).filter(({ waiters }) => waiters.length > 0);
}

function waitersOf(root: LockRow, rows: readonly LockRow[]): LockRow[] {
  const found = new Set<LockRow>();
  let level = [root];
  while (level.length > 0) {
    const pids = new Set(level.map(({ pid }) => pid));
    level = rows.filter((row) => row !== root && !found.has(row) && row.blockers.some((pid) => pids.has(pid)));
    for (const row of level) found.add(row);
  }
  return [...found];
}

/** `pid 4711 (app as yumzoom, idle in transaction)`. */
export function describeSession({ pid, user, application, state }: Omit<LockRow, 'query' | 'blockers'>): string {
  const who = [application || null, user ? `as ${user}` : null].filter((part) => part !== null).join(' ');
  const facts = [who, state].filter((part) => part !== '' && part !== null).join(', ');
  return facts === '' ? `pid ${pid}` : `pid ${pid} (${facts})`;
}

function judgeTree({ root, waiters }: LockTree, { thresholds }: ProbeContext): Remark[] {
  const longest = Math.max(...waiters.map(({ waiting }) => waiting ?? 0));
  if (longest < thresholds.lock_wait) return [];
  const chain = waiters.map(({ pid }) => pid).join(', ');
  const held = `${waiters.length} ${waiters.length === 1 ? 'session waits' : 'sessions wait'} (pid ${chain}), the longest for ${formatDuration(longest * 1_000)}`;
  const last = root.query ? `; its last statement: ${normaliseQuery(root.query)}` : '';
  const prepared = root.pid === 0;
  return [
    {
      code: 'lock_chain',
      severity: longest >= thresholds.lock_wait_critical ? 'critical' : 'warning',
      object: prepared ? 'a prepared transaction' : `pid ${root.pid}`,
      message: prepared
        ? `A prepared transaction holds locks for which ${held}.`
        : `${describeSession(root)} holds locks for which ${held}${last}.`,
      fix: prepared
        ? 'SELECT gid, prepared, owner FROM pg_prepared_xacts ORDER BY prepared;'
        : `SELECT pg_terminate_backend(${root.pid});`,
    },
  ];
}

/** Chains of sessions that wait for one another, by the session at their root. */
export const locks = queryProbe<LockRow>({
  name: 'locks',
  needsAllStatistics: true,
  sql: () => LOCKS_SQL,
  judge: (rows, context) => lockTrees(rows).flatMap((tree) => judgeTree(tree, context)),
});
