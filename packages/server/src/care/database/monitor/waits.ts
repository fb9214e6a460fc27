import { formatDuration } from '../../../lib/duration.ts';
import type { Remark } from '../finding.ts';
import { normaliseQuery } from '../normalise.ts';
import type { Thresholds } from '../thresholds.ts';
import { percent } from '../units.ts';

/** How many sessions do or wait for the same at one moment. */
export interface WaitSample {
  /** As Postgres groups events; `CPU` for a session that does not wait. */
  type: string;
  event: string;
  /** 64 bits, as text; null where Postgres does not count statements. */
  queryId: string | null;
  query: string;
  sessions: number;
}

/** Sessions that are at work for clients, by what each does. Background workers and our own sessions are left out. */
export const WAITS_SQL = `
  SELECT coalesce(a.wait_event_type, 'CPU') AS type, coalesce(a.wait_event, 'CPU') AS event,
         a.query_id::text AS "queryId", left(a.query, 1000) AS query, count(*)::int AS sessions
  FROM pg_stat_activity a
  WHERE a.state = 'active' AND a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND a.backend_type IN ('client backend', 'parallel worker') AND a.application_name NOT LIKE 'yumops%'
  GROUP BY 1, 2, 3, 4`;

/** Time that sessions spent on one thing. */
export interface WaitTime extends Omit<WaitSample, 'sessions'> {
  /** Seconds, summed over the sessions. */
  seconds: number;
}

/** Sums samples: a session that is seen waiting is taken to have waited since the sample before. */
export class WaitTally {
  #times = new Map<string, WaitTime>();

  /** @param seconds since the sample before */
  add(samples: readonly WaitSample[], seconds: number): void {
    for (const { sessions, query, ...what } of samples) {
      const text = normaliseQuery(query);
      const key = JSON.stringify([what.type, what.event, what.queryId ?? text]);
      const time = this.#times.get(key) ?? { ...what, query: text, seconds: 0 };
      this.#times.set(key, { ...time, seconds: time.seconds + sessions * seconds });
    }
  }

  /** What was summed since it was last taken, the most first. */
  take(): WaitTime[] {
    const times = [...this.#times.values()].sort((a, b) => b.seconds - a.seconds);
    this.#times = new Map();
    return times;
  }
}

/** What sessions waited for in the interval that ended at `at` (milliseconds since the epoch). */
export interface WaitInterval {
  at: number;
  /** Its length in seconds. */
  length: number;
  times: readonly WaitTime[];
}

/** The time that is judged, and the least of it that must have been seen. */
export const JUDGED_MS = 300_000;
const LEAST_SECONDS = 100;

/** Waits that say that something is short: not those for the client, a timer, or the next piece of work. */
const SCARCE: ReadonlySet<string> = new Set(['Lock', 'LWLock', 'IO', 'IPC', 'BufferPin']);

const WAITING_SESSIONS =
  "SELECT pid, wait_event_type, wait_event, state, now() - query_start AS running, query FROM pg_stat_activity WHERE backend_type = 'client backend' AND wait_event IS NOT NULL AND state = 'active';";

/** Where to look next, by what is waited for. */
const LOOK: Readonly<Record<string, string>> = {
  Lock: 'SELECT pid, pg_blocking_pids(pid) AS blocked_by, state, query FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0;',
  IO: 'SELECT relid::regclass AS table, heap_blks_read, idx_blks_read, toast_blks_read FROM pg_statio_user_tables ORDER BY heap_blks_read + coalesce(idx_blks_read, 0) DESC LIMIT 20;',
  WAL: "SELECT name, setting, unit FROM pg_settings WHERE name IN ('synchronous_commit', 'wal_sync_method', 'commit_delay', 'wal_buffers', 'max_wal_size');",
};

function lookAt(type: string, event: string): string {
  if (event.startsWith('WAL')) return LOOK.WAL as string;
  return LOOK[type] ?? WAITING_SESSIONS;
}

/** Events for which many sessions have waited over the last minutes. */
export function judgeWaits(history: readonly WaitInterval[], now: number, at: Thresholds): Remark[] {
  const recent = history.filter((interval) => interval.at > now - JUDGED_MS);
  const length = recent.reduce((sum, interval) => sum + interval.length, 0);
  if (length < LEAST_SECONDS) return [];
  const times = recent.flatMap((interval) => interval.times);
  const all = times.reduce((sum, { seconds }) => sum + seconds, 0);
  const events = new Map<string, WaitTime[]>();
  for (const time of times.filter(({ type }) => SCARCE.has(type))) {
    const key = `${time.type}: ${time.event}`;
    events.set(key, [...(events.get(key) ?? []), time]);
  }
  return [...events].flatMap(([event, of]) => {
    const seconds = of.reduce((sum, time) => sum + time.seconds, 0);
    const sessions = seconds / length;
    return sessions < at.waiting_sessions
      ? []
      : [judge(event, of, { seconds, sessions, share: seconds / all, length })];
  });
}

function judge(
  event: string,
  times: readonly WaitTime[],
  { seconds, sessions, share, length }: { seconds: number; sessions: number; share: number; length: number },
): Remark {
  const byQuery = new Map<string, number>();
  for (const { query, seconds: own } of times) byQuery.set(query, (byQuery.get(query) ?? 0) + own);
  const [most] = [...byQuery].sort((a, b) => b[1] - a[1]);
  const { type, event: name } = times[0] as WaitTime;
  const mostly = most ? ` ${percent(most[1] / seconds)} of it in: ${most[0]}` : '';
  return {
    code: 'wait_event',
    severity: 'warning',
    object: `wait ${event}`,
    message: `On average ${sessions.toFixed(1)} sessions waited for ${event} in the last ${formatDuration(length * 1_000)}, ${percent(share)} of the time of all active sessions.${mostly}`,
    fix: lookAt(type, name),
  };
}
