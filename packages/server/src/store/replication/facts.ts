import type pg from 'pg';
import type { ServerFacts } from '../../care/backup/physical/index.ts';

/** Settings that a server in recovery must have at least as large as the one that wrote the log. */
const RECOVERY_SETTINGS = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
];

const SERVER = `
SELECT current_setting('server_version_num')::int AS "versionNumber", current_setting('server_version') AS version,
  version() AS platform, current_setting('block_size')::int AS "blockSize",
  (SELECT setting::bigint::text FROM pg_settings WHERE name = 'wal_segment_size') AS "segmentSize",
  current_setting('data_checksums') = 'on' AS "dataChecksums",
  coalesce(current_setting('summarize_wal', true), 'off') = 'on' AS "summarizesWal",
  (SELECT setting::int FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS "maxSlotWalKeepSize",
  (SELECT sum(pg_database_size(oid)) FROM pg_database WHERE has_database_privilege(oid, 'CONNECT'))::float8 AS bytes,
  pg_get_userbyid(10) AS superuser, extract(epoch FROM clock_timestamp()) * 1000 AS now,
  pg_encoding_to_char(encoding) AS encoding, datcollate AS collation, datcollversion AS "collationVersion"
FROM pg_database WHERE datname = current_database()`;

const TABLESPACES = `
SELECT spcname AS name, pg_tablespace_location(oid) AS path FROM pg_tablespace
WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1`;

const DATABASES = `
SELECT d.datname AS name, d.datcollate AS collation, d.datlocprovider AS provider,
  d.datcollversion AS "collationVersion"
FROM pg_database d WHERE d.datallowconn ORDER BY 1`;

const EXTENSIONS = `
SELECT extname AS name, extversion AS version, extnamespace::regnamespace::text AS schema
FROM pg_extension ORDER BY 1`;

/** Reads what is kept with a base backup. @param query of a plain connection to the server */
export async function readFacts(client: pg.Client): Promise<ServerFacts> {
  const rows = async <Row>(sql: string, values: unknown[] = []) => (await client.query(sql, values)).rows as Row[];
  const [server] = await rows<Record<string, unknown>>(SERVER);
  const settings = await rows<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
    [RECOVERY_SETTINGS],
  );
  const platform = /on (\S+?),/.exec(String(server?.['platform']))?.[1] ?? String(server?.['platform']);
  return {
    ...(server as unknown as ServerFacts),
    platform,
    segmentSize: Number(server?.['segmentSize']),
    now: Number(server?.['now']),
    tablespaces: await rows(TABLESPACES),
    databases: await rows(DATABASES),
    extensions: await rows(EXTENSIONS),
    settings: Object.fromEntries(settings.map(({ name, setting }) => [name, setting])),
  };
}
