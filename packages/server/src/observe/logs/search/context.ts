import type { LogContext, LogRow } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { timeOfId } from './cursor.ts';
import { parseLogQuery } from './query-language.ts';
import { toSql } from './to-sql.ts';

/** What a row of a list is made of. */
export const ROW_COLUMNS = `id, timestamp, level, substringUTF8(message, 1, 4096) AS message, service, type, endpoint, method,
  statusCode, duration, requestId, traceId`;

/** Which lines around a record. */
export interface ContextSelection {
  /** Lines of each side, at most. */
  before: number;
  after: number;
  /** Which lines count; left out = those of the record's own service. */
  query?: string | undefined;
}

/** How far is looked, milliseconds: step by step, because the lines wanted are mostly near. */
const DISTANCES = [60_000, 3_600_000, 24 * 3_600_000];
const LIMITS = { maxSeconds: 20 };

type Reader = Pick<TelemetryStore, 'query'>;

/** The lines before and after a record within a day of it, oldest first; undefined when there is no such record. */
export async function readContext(
  store: Reader,
  id: string,
  { before, after, query }: ContextSelection,
): Promise<LogContext | undefined> {
  const time = timeOfId(id);
  if (time === undefined) return undefined;
  const [row] = await store.query<LogRow>(
    `SELECT ${ROW_COLUMNS} FROM logs
     WHERE timestamp = fromUnixTimestamp64Milli({time:Int64}) AND id = {id:String} AND project != 'yumops' LIMIT 1`,
    { time, id },
    LIMITS,
  );
  if (!row) return undefined;
  const own = { sql: 'service = {service:String}', params: { service: row.service } };
  const which = query === undefined ? own : toSql(parseLogQuery(query));
  const place = { time, id };
  const [older, newer] = await Promise.all([
    readSide(store, place, which, { count: before, older: true }),
    readSide(store, place, which, { count: after, older: false }),
  ]);
  return { row, before: older.reverse(), after: newer };
}

/** Lines on one side of a place, the nearest first. */
async function readSide(
  store: Reader,
  { time, id }: { time: number; id: string },
  which: { sql: string; params: Record<string, unknown> },
  { count, older }: { count: number; older: boolean },
): Promise<LogRow[]> {
  if (count === 0) return [];
  const [sign, order] = older ? ['<', 'DESC'] : ['>', 'ASC'];
  let rows: LogRow[] = [];
  for (const distance of DISTANCES) {
    const [from, to] = older ? [time - distance, time] : [time, time + distance];
    rows = await store.query<LogRow>(
      `SELECT ${ROW_COLUMNS} FROM logs WHERE project != 'yumops' AND timestamp >= fromUnixTimestamp64Milli({from:Int64})
         AND timestamp <= fromUnixTimestamp64Milli({to:Int64}) AND (${which.sql})
         AND (timestamp ${sign} fromUnixTimestamp64Milli({time:Int64}) OR id ${sign} {id:String})
       ORDER BY toStartOfFiveMinutes(timestamp) ${order}, timestamp ${order}, id ${order} LIMIT {count:UInt32}`,
      { ...which.params, from, to, time, id, count },
      LIMITS,
    );
    if (rows.length >= count) break;
  }
  return rows;
}
