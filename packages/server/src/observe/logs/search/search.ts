import type { LogFields, LogHistogram, LogPage, LogPatterns, LogRow, LogRowDetail } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { readPatterns } from '../patterns/read-patterns.ts';
import { decodeCursor, encodeCursor, timeOfId } from './cursor.ts';
import { fieldSource } from './fields.ts';
import { histogramGrid } from './histogram-grid.ts';
import { newestSince, stretchesOf } from './newest.ts';
import { parseLogQuery } from './query-language.ts';
import { type SqlCondition, toSql } from './to-sql.ts';

/** Which records: a query and a time range, both ends in milliseconds since the epoch, the second excluded. */
export interface LogSelection {
  query: string;
  from: number;
  to: number;
  signal?: AbortSignal;
}

/** Reads the log. */
export interface LogSearch {
  /** Newest first. */
  page(selection: LogSelection, limit: number, cursor?: string): Promise<LogPage>;
  /** One record with all its fields; undefined when there is none with this id. */
  find(id: string): Promise<LogRowDetail | undefined>;
  /** Counts by level over time, in about `buckets` steps. */
  histogram(selection: LogSelection, buckets: number): Promise<LogHistogram>;
  /** Fields of the newest records in the range, with their commonest values. */
  fields(selection: LogSelection): Promise<LogFields>;
  /** Forms that the messages have in common, the commonest first. */
  patterns(selection: LogSelection): Promise<LogPatterns>;
}

const COLUMNS = `id, timestamp, level, substringUTF8(message, 1, 4096) AS message, service, type, endpoint, method,
  statusCode, duration, requestId, traceId`;

const DETAIL = `id, timestamp, receivedAt, project, service, environment, release, level, message, type, event, severity,
  endpoint, method, statusCode, duration, ip, userId, requestId, traceId, spanId, attributes`;

/** The columns whose values `fields` counts. */
const FACETS = ['level', 'service', 'environment', 'release', 'type', 'event', 'severity', 'endpoint', 'method'];

/** The newest records that `fields` looks at. */
const FACET_ROWS = 50_000;

const MAX_SECONDS = 20;

/** The order of the primary key first, so that the newest rows are read without sorting all. */
const NEWEST_FIRST = 'ORDER BY toStartOfFiveMinutes(timestamp) DESC, timestamp DESC, id DESC';

/** Makes the reader of the log over the telemetry store. */
export function createLogSearch(store: Pick<TelemetryStore, 'query'>, clock: Clock): LogSearch {
  return {
    page: (selection, limit, cursor) => readPage(store, clock, selection, limit, cursor),
    find: (id) => readRow(store, id),
    histogram: (selection, buckets) => readHistogram(store, clock, selection, buckets),
    fields: (selection) => readFields(store, selection),
    patterns: (selection) =>
      readPatterns(store, clock, (from = selection.from) => whereOf({ ...selection, from }), limitsOf(selection)),
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
  const rows: (LogRow & { at: number })[] = [];
  for (const stretch of stretchesOf(range, parseLogQuery(selection.query), clock.now())) {
    const found = await readNewest(store, { ...selection, ...stretch }, limit + 1 - rows.length, after);
    rows.push(...found);
    if (rows.length > limit) break;
  }
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(({ at: _, ...row }) => row),
    nextCursor: rows.length > limit && last ? encodeCursor({ timestamp: last.at, id: last.id }) : null,
    elapsedMs: Math.round(clock.monotonic() - started),
  };
}

function readNewest(
  store: Reader,
  selection: LogSelection,
  limit: number,
  after: ReturnType<typeof decodeCursor> | undefined,
): Promise<(LogRow & { at: number })[]> {
  const where = whereOf(selection);
  return store.query(
    `SELECT ${COLUMNS}, toUnixTimestamp64Milli(timestamp) AS at FROM logs WHERE ${where.sql}
     ${after ? 'AND timestamp <= fromUnixTimestamp64Milli({afterTime:Int64}) AND (timestamp < fromUnixTimestamp64Milli({afterTime:Int64}) OR id < {afterId:String})' : ''}
     ${NEWEST_FIRST} LIMIT {limit:UInt32}`,
    { ...where.params, ...(after ? { afterTime: after.timestamp, afterId: after.id } : {}), limit },
    limitsOf(selection),
  );
}

async function readRow(store: Reader, id: string): Promise<LogRowDetail | undefined> {
  const time = timeOfId(id);
  if (time === undefined) return undefined;
  const [row] = await store.query<Omit<LogRowDetail, 'fields'> & Record<string, string | number | null>>(
    `SELECT ${DETAIL} FROM logs
     WHERE timestamp = fromUnixTimestamp64Milli({time:Int64}) AND id = {id:String} AND project != 'yumops' LIMIT 1`,
    { time, id },
    { maxSeconds: MAX_SECONDS },
  );
  if (!row) return undefined;
  const { attributes, ...fields } = row;
  return { ...(fields as unknown as LogRow), fields, attributes };
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
  const rows = await store.query<{ bucket: number; level: string; count: number }>(
    `SELECT intDiv(toUnixTimestamp64Milli(timestamp) - {start:Int64}, {step:Int64}) AS bucket, level, count() AS count
     FROM logs WHERE ${where.sql} GROUP BY bucket, level`,
    { ...where.params, start: grid.from, step: grid.stepMs },
    limitsOf(selection),
  );
  const counts: Record<string, number[]> = {};
  let total = 0;
  for (const { bucket, level, count } of rows) {
    counts[level] ??= new Array<number>(grid.buckets).fill(0);
    if (bucket >= 0 && bucket < grid.buckets) (counts[level] as number[])[bucket] = count;
    total += count;
  }
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

async function readFields(store: Reader, given: LogSelection): Promise<LogFields> {
  const since = await newestSince(store, whereOf(given), FACET_ROWS, limitsOf(given));
  const selection = { ...given, from: since ?? given.from };
  const where = whereOf(selection);
  const pairs = [...FACETS, 'statusCode'].map((column) => `('${column}', ifNull(toString(${column}), ''))`).join(', ');
  const rows = await store.query<{ name: string; value: string; count: number }>(
    `SELECT pair.1 AS name, pair.2 AS value, count() AS count
     FROM (
       SELECT arrayJoin(arrayConcat([${pairs}], arrayMap((k, v) -> (concat('attributes.', k), substringUTF8(v, 1, 200)),
         mapKeys(attributes), mapValues(attributes)))) AS pair
       FROM (SELECT * FROM logs WHERE ${where.sql} ${NEWEST_FIRST} LIMIT ${FACET_ROWS})
     )
     WHERE value != '' GROUP BY name, value ORDER BY name, count DESC, value LIMIT 10 BY name LIMIT 2000`,
    where.params,
    limitsOf(selection),
  );
  const fields = new Map<string, { value: string; count: number }[]>();
  for (const { name, value, count } of rows) {
    const shown = shortName(name);
    fields.set(shown, [...(fields.get(shown) ?? []), { value, count }]);
  }
  return { fields: [...fields].map(([name, values]) => ({ name, values })) };
}

/** An attribute's own name where no column has it. */
function shortName(name: string): string {
  const own = name.replace(/^attributes\./, '');
  return fieldSource(own).kind === 'attribute' ? own : name;
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
