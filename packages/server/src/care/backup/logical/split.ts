import type { BackupConnection } from '../database.ts';
import { NEWEST_CLIENT } from './archive.ts';
import type { SizedTable } from './rows.ts';

/** How many works at once a backup or a restore may have. */
export interface Parallelism {
  /** As it is configured or given; null = what fits. */
  asked: number | null;
  /** Of this machine. */
  cores: number;
}

/** Tables whose rows are dumped beside the rest, each group by a `pg_dump` of its own. */
export interface Split {
  groups: readonly (readonly SizedTable[])[];
  /** Works at once, that of the rest included. */
  jobs: number;
  /** Why there are fewer works than were asked for, in sentences. */
  warnings: readonly string[];
}

/** Bytes from which a table is worth a work of its own, and from which it gets one where somebody asks for more works. */
const LARGE = 32 * 1024 * 1024;
const LARGE_ENOUGH = 1024 * 1024;
/** Connections that are left to the application. */
export const LEFT_FREE = 3;
/** Most that is chosen when nobody asks: one process encrypts for all of them. */
const MOST_JOBS = 4;
/**
 * How many jobs there are where nobody asks for a number: on one or two processors a second gains no time, and a restore takes more
 * memory with it (docs/decisions/0030-dumps-in-several-jobs.md).
 */
export function usualJobs(cores: number): number {
  return cores > 2 ? Math.min(cores, MOST_JOBS) : 1;
}
/** Names of tables stand on a command line, which has an end. */
const MOST_TABLES = 400;

/**
 * How many connections more a database takes from this role; the server keeps some for superusers. Who may not look at the sessions
 * of others does not see of what kind they are: those with a database count.
 */
const FREE = `
  SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true), '0')::int - (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE CASE WHEN backend_type IS NULL THEN datid IS NOT NULL ELSE backend_type = 'client backend' END),
    (SELECT CASE WHEN rolconnlimit < 0 THEN NULL ELSE rolconnlimit - (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.usename = current_user) END
       FROM pg_catalog.pg_roles WHERE rolname = current_user),
    (SELECT CASE WHEN datconnlimit < 0 THEN NULL ELSE datconnlimit - (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datname = current_database()) END
       FROM pg_catalog.pg_database WHERE datname = current_database())
  )::int AS free`;

/** Connections that a database takes beside those that there are, as far as the role may see. */
export async function freeConnections(connection: BackupConnection): Promise<number> {
  const [row] = await connection.query<{ free: number }>(FREE);
  return row?.free ?? 0;
}

/**
 * How the rows of a database are shared out. Each work takes two connections: one dumps, one counts.
 * @param tables of the database, with their sizes
 * @param free connections that the database still takes
 * @param encoding of the database: names on a command line are in UTF-8, and `pg_dump` reads them in its database's
 * @param clientMajor of `pg_dump`
 */
export function planSplit(
  tables: readonly SizedTable[],
  { asked, cores }: Parallelism,
  { free, clientMajor, encoding }: { free: number; clientMajor: number; encoding: string },
): Split {
  const none = (...warnings: string[]): Split => ({ groups: [], jobs: 1, warnings });
  const large = tables
    .filter(({ bytes }) => bytes >= (asked === null ? LARGE : LARGE_ENOUGH))
    .filter(({ schema, name }) => encoding === 'UTF8' || /^[ -~]*$/.test(schema + name))
    .sort((a, b) => b.bytes - a.bytes);
  const wanted = Math.min(asked ?? usualJobs(cores), large.length);
  if (wanted <= 1) return none();
  if (clientMajor > NEWEST_CLIENT) return none(`one job: the archives of pg_dump ${clientMajor} are not known yet`);
  const jobs = Math.min(wanted, Math.floor((free - LEFT_FREE) / 2));
  const warning = `${Math.max(jobs, 1)} of ${wanted} jobs: the server has only ${Math.max(free, 0)} free connections`;
  if (jobs <= 1) return none(warning);
  const groups = shareOut(tables, large.slice(0, MOST_TABLES), jobs);
  return { groups, jobs, warnings: jobs < wanted ? [warning] : [] };
}

/** Each table to the work that has least; the first has what is not large. */
function shareOut(all: readonly SizedTable[], large: readonly SizedTable[], jobs: number): SizedTable[][] {
  const sum = (tables: readonly SizedTable[]) => tables.reduce((bytes, table) => bytes + table.bytes, 0);
  const loads = Array.from({ length: jobs }, () => ({ bytes: 0, tables: [] as SizedTable[] }));
  const [rest, ...others] = loads;
  if (rest) rest.bytes = sum(all) - sum(large);
  for (const table of large) {
    const least = loads.reduce((best, load) => (load.bytes < best.bytes ? load : best));
    least.tables.push(table);
    least.bytes += table.bytes;
  }
  return others.map(({ tables }) => tables).filter((tables) => tables.length > 0);
}
