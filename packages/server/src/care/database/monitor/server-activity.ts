/** What a server has counted of its write-ahead log, checkpoints and files. Counters only grow until they are reset. */
export interface ServerCounters {
  /** When the counting began; another text after a reset. */
  since: string;
  /** Bytes. */
  wal: number;
  /** Checkpoints. */
  timed: number;
  requested: number;
  /** Bytes that were read into, and written out of, the buffers of the server. */
  read: number;
  written: number;
}

/** What a server did between two looks. */
export interface ServerActivity {
  /** Bytes per second. */
  walRate: number;
  readRate: number;
  writeRate: number;
  /** Checkpoints in the interval. */
  timed: number;
  requested: number;
}

/** Where files are counted: by buffer in 15, in pg_stat_io from 16 on, and there in bytes from 18 on. */
function ioSql(version: number): string {
  if (version < 160_000) {
    return `SELECT (SELECT sum(blks_read) FROM pg_stat_database) * current_setting('block_size')::int AS read,
                   (buffers_checkpoint + buffers_clean + buffers_backend) * current_setting('block_size')::int AS written,
                   (SELECT max(stats_reset) FROM pg_stat_database) AS since
            FROM pg_stat_bgwriter`;
  }
  const bytes = (what: string) =>
    version >= 180_000 ? `coalesce(${what}_bytes, 0)` : `coalesce(${what}s, 0) * coalesce(op_bytes, 0)`;
  return `SELECT sum(${bytes('read')}) AS read, sum(${bytes('write')} + ${bytes('extend')}) AS written,
                 max(stats_reset) AS since
          FROM pg_stat_io WHERE object <> 'wal'`;
}

/** Reads the counters of a server of this version (as in `server_version_num`) as one row. */
export function serverCountersSql(version: number): string {
  const moved = version >= 170_000;
  return `
    SELECT concat_ws('/', w.stats_reset, c.stats_reset, io.since) AS since, w.wal_bytes::float8 AS wal,
           c.${moved ? 'num_timed' : 'checkpoints_timed'}::float8 AS timed,
           c.${moved ? 'num_requested' : 'checkpoints_req'}::float8 AS requested,
           io.read::float8 AS read, io.written::float8 AS written
    FROM pg_stat_wal w, ${moved ? 'pg_stat_checkpointer' : 'pg_stat_bgwriter'} c, (${ioSql(version)}) io`;
}

/**
 * What a server did between two looks that lie `seconds` apart; undefined when counters were reset meanwhile, since part of
 * it is lost then.
 */
export function serverActivity(
  before: ServerCounters,
  now: ServerCounters,
  seconds: number,
): ServerActivity | undefined {
  const grown = (name: 'wal' | 'read' | 'written' | 'timed' | 'requested') => now[name] - before[name];
  const [wal, read, written] = [grown('wal'), grown('read'), grown('written')];
  const [timed, requested] = [grown('timed'), grown('requested')];
  const fell = [wal, read, written, timed, requested].some((growth) => growth < 0);
  if (fell || now.since !== before.since || seconds <= 0) return undefined;
  return { walRate: wal / seconds, readRate: read / seconds, writeRate: written / seconds, timed, requested };
}
