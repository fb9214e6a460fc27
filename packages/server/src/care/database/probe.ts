import { messageOf } from '../../lib/errors.ts';
import type { DatabaseProfile } from './config.ts';
import type { Remark } from './finding.ts';
import type { RecentActivity } from './monitor/database-activity.ts';
import type { MonitoredDatabase } from './monitored-database.ts';
import type { ServerFacts } from './server-facts.ts';
import type { Thresholds } from './thresholds.ts';

/** What a probe may take into account. */
export interface ProbeContext {
  server: ServerFacts;
  thresholds: Thresholds;
  profile: DatabaseProfile;
  /** Bytes of the disk of the server as configured; null = see on this machine. */
  capacity: number | null;
  /** What statements did of late, where that is stored; without it what was counted since the statistics were reset counts. */
  lately?: RecentStatements | undefined;
  /** What was counted of late, where that is stored; without it what was counted since the reset counts. */
  activity?: RecentActivityReader | undefined;
}

/** What was counted for one statement. */
export interface StatementRow {
  /** 64 bits, as text. */
  id: string;
  query: string;
  calls: number;
  rows: number;
  /** Milliseconds. */
  total: number;
  mean: number;
  /** Its share of the time of all statements. */
  share: number;
  /** An estimate, milliseconds; null where it is not known. */
  p95: number | null;
}

/** The statements that took the most time in the last 24 hours; none where nothing is stored. */
export type RecentStatements = () => Promise<StatementRow[]>;

/** What happened of late; undefined while too little is stored. */
export type RecentActivityReader = () => Promise<RecentActivity | undefined>;

/** @throws when what is stored cannot be read: the database can be asked, only this probe knows nothing */
export function readActivity(activity: RecentActivityReader | undefined): Promise<RecentActivity | undefined> {
  return (activity?.() ?? Promise.resolve(undefined)).catch((error: unknown) => {
    throw new Error(`what happened of late cannot be read: ${messageOf(error)}`);
  });
}

/** One question to a database. */
export interface Probe {
  /** What it looks at, as a noun: `locks`, `connections`. */
  readonly name: string;
  /** Whether it sees only a part without the rights of `pg_monitor`. */
  readonly needsAllStatistics: boolean;
  /** Whether its findings can be mended on the primary alone; a standby is not asked. */
  readonly primaryOnly: boolean;
  run(db: MonitoredDatabase, context: ProbeContext): Promise<Remark[]>;
}

export interface QueryProbe<Row> {
  name: string;
  needsAllStatistics?: boolean;
  primaryOnly?: boolean;
  sql(context: ProbeContext): string;
  judge(rows: readonly Row[], context: ProbeContext): Remark[];
}

/** A probe of one statement whose rows are judged by a pure function. */
export function queryProbe<Row>(probe: QueryProbe<Row>): Probe & Pick<QueryProbe<Row>, 'judge'> {
  const { name, needsAllStatistics = false, primaryOnly = false, judge } = probe;
  return {
    name,
    needsAllStatistics,
    primaryOnly,
    judge,
    run: async (db, context) => judge(await db.query<Row>(probe.sql(context)), context),
  };
}

const SUPABASE_SCHEMAS = [
  ...['auth', 'storage', 'realtime', '_realtime', 'vault', 'extensions', 'graphql', 'graphql_public', 'net', 'cron'],
  ...['pgbouncer', 'pgsodium', 'pgsodium_masks', 'pgtle', 'supabase_functions', 'supabase_migrations', '_analytics'],
];

/** A condition that holds for the schemas of the operator: neither Postgres' own nor those that a host manages. */
export function ownSchema(column: string, profile: DatabaseProfile): string {
  const system = `${column} !~ '^pg_' AND ${column} <> 'information_schema'`;
  if (profile === 'plain') return system;
  return `${system} AND ${column} <> ALL ('{${SUPABASE_SCHEMAS.join(',')}}')`;
}

/**
 * A condition that leaves out relations that somebody holds exclusively just now: asking for their size or definition
 * would wait for that lock. Stands before conditions that ask.
 */
export function notLocked(column: string): string {
  return `${column} <> ALL (ARRAY(
      SELECT l.relation FROM pg_locks l
      WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.relation IS NOT NULL
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())))`;
}
