import {
  LEVELS,
  type Level,
  type LogContext,
  type LogFields,
  type LogHistogram,
  type LogPage,
  type LogPatterns,
  type LogRow,
  type LogRowDetail,
} from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { readPatterns } from '../patterns/read-patterns.ts';
import { type ContextSelection, ROW_COLUMNS, readContext } from './context.ts';
import { decodeCursor, encodeCursor, type LogPlace, timeOfId } from './cursor.ts';
import { histogramGrid } from './histogram-grid.ts';
import { isById, newestRows, pageStretchesOf, type Search, type Stretch, stretchesOf } from './newest.ts';
import { parseLogQuery } from './query-language.ts';
import { readFields } from './read-fields.ts';
import { type SqlCondition, toSql } from './to-sql.ts';

/** Which records: a query and a time range, both ends in milliseconds since the epoch, the second excluded. */
export interface LogSelection {
  query: string;
  from: number;
  to: number;
  /** Every column and the attributes too; a page of what a table shows is read faster. */
  whole?: boolean;
  signal?: AbortSignal;
}

/** Reads the log. */
export interface LogSearch {
  /** Newest first. */
  page(selection: LogSelection, limit: number, cursor?: string): Promise<LogPage>;
  /** One record with all its fields; undefined when there is none with this id. */
  find(id: string): Promise<LogRowDetail | undefined>;
  /** The lines before and after a record, oldest first; undefined when there is no record with this id. */
  context(id: string, around: ContextSelection): Promise<LogContext | undefined>;
  /** Counts by level over time, in about `buckets` steps. */
  histogram(selection: LogSelection, buckets: number): Promise<LogHistogram>;
  /** Fields of the newest records in the range, with their commonest values. */
  fields(selection: LogSelection): Promise<LogFields>;
  /** Forms that the messages have in common, the commonest first. */
  patterns(selection: LogSelection): Promise<LogPatterns>;
}

const DETAIL = `id, timestamp, receivedAt, project, service, environment, release, level, message, type, event, severity,
  endpoint, method, statusCode, duration, ip, userId, requestId, traceId, spanId, attributes`;

const MAX_SECONDS = 20;

/** The order of the primary key first, so that the newest rows are read without sorting all. */
const NEWEST_FIRST = 'ORDER BY toStartOfFiveMinutes(timestamp) DESC, timestamp DESC, id DESC';

/** A few rows are found at once by the indexes before anything is read, and sorted then: half the time of reading in order. */
const FEW_ROWS = 'SETTINGS use_skip_indexes_on_data_read = 0, optimize_read_in_order = 0';

/** Makes the reader of the log over the telemetry store. */
export function createLogSearch(store: Pick<TelemetryStore, 'query'>, clock: Clock): LogSearch {
  return {
    page: (selection, limit, cursor) => readPage(store, clock, selection, limit, cursor),
    find: (id) => readRow(store, id),
    context: (id, around) => readContext(store, id, around),
    histogram: (selection, buckets) => readHistogram(store, clock, selection, buckets),
    fields: (selection) => readFields(store, searchOf(selection, clock)),
    patterns: (selection) => readPatterns(store, clock, searchOf(selection, clock)),
  };
}

type Reader = Pick<TelemetryStore, 'query'>;

async function readPage(
  store: Reader,
  clock: Clock,
  selection: LogSelection,
  limit: number,
  cursor: string | undefined,
): Promise<LogPage> {
  const started = clock.monotonic();
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const range = { from: selection.from, to: after ? Math.min(selection.to, after.timestamp + 1) : selection.to };
  const condition = parseLogQuery(selection.query);
  const settings = isById(condition) ? FEW_ROWS : '';
  const ask = (stretch: Stretch, most: number, enough?: AbortSignal) => {
    const signals = [selection.signal, enough].filter((signal) => signal !== undefined);
    const about = { ...selection, ...stretch, signal: AbortSignal.any(signals) };
    return readNewest(store, about, { limit: most, after, settings });
  };
  const rows = await newestRows(ask, pageStretchesOf(range, condition, clock.now()), limit + 1);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(({ at: _, ...row }) => (selection.whole ? detailOf(row as unknown as DetailRow) : row)),
    nextCursor: rows.length > limit && last ? encodeCursor({ timestamp: last.at, id: last.id }) : null,
    elapsedMs: Math.round(clock.monotonic() - started),
  };
}

function readNewest(
  store: Reader,
  selection: LogSelection,
  { limit, after, settings }: { limit: number; after: LogPlace | undefined; settings: string },
): Promise<(LogRow & { at: number })[]> {
  const where = whereOf(selection);
  return store.query(
    `SELECT ${selection.whole ? DETAIL : ROW_COLUMNS}, toUnixTimestamp64Milli(timestamp) AS at FROM logs WHERE ${where.sql}
     ${after ? 'AND timestamp <= fromUnixTimestamp64Milli({afterTime:Int64}) AND (timestamp < fromUnixTimestamp64Milli({afterTime:Int64}) OR id < {afterId:String})' : ''}
     ${NEWEST_FIRST} LIMIT {limit:UInt32} ${settings}`,
    { ...where.params, ...(after ? { afterTime: after.timestamp, afterId: after.id } : {}), limit },
    limitsOf(selection),
  );
}

async function readRow(store: Reader, id: string): Promise<LogRowDetail | undefined> {
  const time = timeOfId(id);
  if (time === undefined) return undefined;
  const [row] = await store.query<DetailRow>(
    `SELECT ${DETAIL} FROM logs
     WHERE timestamp = fromUnixTimestamp64Milli({time:Int64}) AND id = {id:String} AND project != 'yumops' LIMIT 1`,
    { time, id },
    { maxSeconds: MAX_SECONDS },
  );
  return row && detailOf(row);
}

type DetailRow = { attributes: Record<string, string> } & Record<string, string | number | null>;

function detailOf({ attributes, ...fields }: DetailRow): LogRowDetail {
  return { ...(fields as unknown as LogRow), fields: fields as LogRowDetail['fields'], attributes };
}

async function readHistogram(
  store: Reader,
  clock: Clock,
  selection: LogSelection,
  buckets: number,
): Promise<LogHistogram> {
  const started = clock.monotonic();
  const grid = histogramGrid(selection.from, selection.to, buckets);
  const where = whereOf(selection);
  // One condition a level: grouping by the level too takes the engine twice as long.
  const levels = LEVELS.map((level) => `countIf(level = '${level}') AS ${level}`).join(', ');
  const rows = await store.query<Record<Level | 'bucket' | 'count', number>>(
    `SELECT toInt32(intDiv(toUnixTimestamp64Milli(timestamp) - {start:Int64}, {step:Int64})) AS bucket, ${levels}, count() AS count
     FROM logs WHERE ${where.sql} GROUP BY bucket`,
    { ...where.params, start: grid.from, step: grid.stepMs },
    limitsOf(selection),
  );
  const counts: Record<string, number[]> = {};
  const add = (level: string, bucket: number, count: number) => {
    if (count === 0 || bucket < 0 || bucket >= grid.buckets) return;
    counts[level] ??= new Array<number>(grid.buckets).fill(0);
    (counts[level] as number[])[bucket] = count;
  };
  for (const row of rows) {
    for (const level of LEVELS) add(level, row.bucket, row[level]);
    add('other', row.bucket, row.count - LEVELS.reduce((sum, level) => sum + row[level], 0));
  }
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  return {
    from: new Date(grid.from).toISOString(),
    to: new Date(grid.from + grid.buckets * grid.stepMs).toISOString(),
    stepMs: grid.stepMs,
    levels: Object.keys(counts).sort(),
    counts,
    total,
    elapsedMs: Math.round(clock.monotonic() - started),
  };
}

function searchOf(selection: LogSelection, clock: Clock): Search {
  const range = { from: selection.from, to: selection.to };
  const condition = parseLogQuery(selection.query);
  return {
    range,
    stretches: () => stretchesOf(range, condition, clock.now()),
    where: (stretch) => whereOf({ ...selection, ...stretch }),
    limits: limitsOf(selection),
  };
}

function whereOf({ query, from, to }: LogSelection): SqlCondition {
  const { sql, params } = toSql(parseLogQuery(query));
  return {
    sql: `project != 'yumops' AND timestamp >= fromUnixTimestamp64Milli({from:Int64})
      AND timestamp < fromUnixTimestamp64Milli({to:Int64}) AND ${sql}`,
    params: { ...params, from, to },
  };
}

function limitsOf({ signal }: LogSelection): { maxSeconds: number; signal?: AbortSignal } {
  return { maxSeconds: MAX_SECONDS, ...(signal ? { signal } : {}) };
}
