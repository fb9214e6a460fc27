import type { TraceDetail, TraceItem, TraceRoute, TraceSpan } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';

/** Which spans. Times in milliseconds since the epoch. */
export interface TraceSelection {
  from: number;
  to: number;
  service?: string | undefined;
  /** Exact name of the span with which a service takes up a trace. */
  name?: string | undefined;
  /** Only traces that failed. */
  failed?: boolean | undefined;
  minDurationMs?: number | undefined;
}

const MOST_SPANS = 5_000;
const MOST_LINES = 500;

const FAILED = `status IS NOT NULL AND status NOT IN ('ok', 'unset', 'cancelled')`;

function whereOf({ from, to, service, name, failed, minDurationMs }: TraceSelection) {
  const where = [
    'isRoot',
    'startTimestamp >= fromUnixTimestamp64Milli({from:Int64})',
    'startTimestamp < fromUnixTimestamp64Milli({to:Int64})',
  ];
  if (service !== undefined) where.push(`ifNull(service, '') = {service:String}`);
  if (name !== undefined) where.push('name = {name:String}');
  if (failed === true) where.push(FAILED);
  if (minDurationMs !== undefined) where.push('durationMs >= {least:Float64}');
  return {
    where: where.join(' AND '),
    params: { from, to, service: service ?? '', name: name ?? '', least: minDurationMs ?? 0 },
  };
}

/** What services do, those that take people most time first. */
export async function readTraceRoutes(telemetry: TelemetryStore, selection: TraceSelection): Promise<TraceRoute[]> {
  const { where, params } = whereOf(selection);
  return telemetry.query<TraceRoute>(
    `SELECT ifNull(service, '') AS service, name, any(op) AS op, count() AS count, countIf(${FAILED}) / count() AS failed,
       quantileExactInclusive(0.5)(durationMs) AS p50, quantileExactInclusive(0.95)(durationMs) AS p95, max(durationMs) AS max
     FROM spans WHERE ${where} GROUP BY service, name ORDER BY sum(durationMs) DESC LIMIT 200`,
    params,
  );
}

/** Single traces, the slowest or the newest first. */
export async function readTraces(
  telemetry: TelemetryStore,
  selection: TraceSelection,
  order: 'slowest' | 'newest',
  limit: number,
): Promise<TraceItem[]> {
  const { where, params } = whereOf(selection);
  const by = order === 'slowest' ? 'r.durationMs DESC' : 'r.startTimestamp DESC';
  return telemetry.query<TraceItem>(
    `SELECT r.traceId AS traceId, formatDateTime(r.startTimestamp, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS startedAt, r.name AS name,
       ifNull(r.service, '') AS service, r.durationMs AS durationMs, r.status AS status, s.spans AS spans, s.errors AS errors
     FROM (SELECT * FROM spans WHERE ${where} ORDER BY ${by.replaceAll('r.', '')} LIMIT {limit:UInt32}) AS r
     LEFT JOIN (
       SELECT traceId, count() AS spans, countIf(${FAILED}) AS errors FROM spans
       WHERE traceId IN (SELECT traceId FROM spans WHERE ${where} ORDER BY ${by.replaceAll('r.', '')} LIMIT {limit:UInt32})
       GROUP BY traceId
     ) AS s ON r.traceId = s.traceId
     ORDER BY ${by}`,
    { ...params, limit },
  );
}

type SpanRow = Omit<TraceSpan, 'offsetMs' | 'startedAt' | 'events'> & { started: number; events: string };

const LINE = `id, formatDateTime(timestamp, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS timestamp, level, message,
  ifNull(service, '') AS service, spanId`;

const ERROR = `eventId, groupId, formatDateTime(timestamp, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS timestamp,
  ifNull(type, '') AS type, message, spanId`;

/** How far from its trace a line of a request may lie, milliseconds; ids of requests may come again. */
const AROUND = 600_000;

/**
 * A whole trace with the log lines and errors that carry its id, or name one of its requests and no trace; undefined when
 * there is none.
 */
export async function readTrace(telemetry: TelemetryStore, traceId: string): Promise<TraceDetail | undefined> {
  const params = { traceId };
  const [rows, ownLines, ownErrors, requests] = await Promise.all([
    telemetry.query<SpanRow>(
      `SELECT spanId, parentSpanId, name, kind, op, ifNull(service, '') AS service,
         toUnixTimestamp64Milli(startTimestamp) AS started, durationMs, status, attributes, events
       FROM spans WHERE traceId = {traceId:String} ORDER BY startTimestamp, durationMs DESC LIMIT ${MOST_SPANS}`,
      params,
    ),
    telemetry.query<TraceLine>(
      `SELECT ${LINE} FROM logs WHERE traceId = {traceId:String} ORDER BY logs.timestamp LIMIT ${MOST_LINES}`,
      params,
    ),
    telemetry.query<TraceError>(
      `SELECT ${ERROR} FROM error_events WHERE traceId = {traceId:String} ORDER BY error_events.timestamp LIMIT ${MOST_LINES}`,
      params,
    ),
    readRequests(telemetry, traceId),
  ]);
  const [moreLines, moreErrors] = await readOfRequests(telemetry, requests);
  const logs = [...ownLines, ...moreLines].sort(byTime).slice(0, MOST_LINES);
  const errors = [...ownErrors, ...moreErrors].sort(byTime).slice(0, MOST_LINES);
  if (rows.length + logs.length + errors.length === 0) return undefined;
  const starts = [
    ...rows.map(({ started }) => started),
    ...[...logs, ...errors].map(({ timestamp }) => Date.parse(timestamp)),
  ];
  const start = rows[0]?.started ?? Math.min(...starts);
  const end = Math.max(start, ...rows.map(({ started, durationMs }) => started + durationMs));
  return {
    traceId,
    startedAt: new Date(start).toISOString(),
    durationMs: end - start,
    spans: rows.map(({ started, events, ...span }) => ({
      ...span,
      startedAt: new Date(started).toISOString(),
      offsetMs: started - start,
      events: JSON.parse(events) as TraceSpan['events'],
    })),
    logs,
    errors,
  };
}

type TraceLine = TraceDetail['logs'][number];
type TraceError = TraceDetail['errors'][number];

const byTime = (a: { timestamp: string }, b: { timestamp: string }) =>
  Date.parse(a.timestamp) - Date.parse(b.timestamp);

/** Requests of a trace, and the projects and the stretch of time in which they are looked for. */
interface Requests {
  ids: string[];
  projects: string[];
  from: number;
  to: number;
}

async function readRequests(telemetry: TelemetryStore, traceId: string): Promise<Requests | undefined> {
  const [found] = await telemetry.query<Requests & { count: number }>(
    `SELECT groupUniqArray(100)(requestId) AS ids, groupUniqArray(10)(project) AS projects, count() AS count,
       toUnixTimestamp64Milli(min(time)) - ${AROUND} AS from, toUnixTimestamp64Milli(max(time)) + ${AROUND} AS to
     FROM (
       SELECT ifNull(requestId, '') AS requestId, project, startTimestamp AS time FROM spans WHERE traceId = {traceId:String}
       UNION ALL
       SELECT ifNull(requestId, '') AS requestId, project, timestamp AS time FROM logs WHERE traceId = {traceId:String}
     ) WHERE requestId != ''`,
    { traceId },
  );
  return found && found.count > 0 ? found : undefined;
}

/** Lines and errors that name a request, and no trace of their own. */
async function readOfRequests(
  telemetry: TelemetryStore,
  requests: Requests | undefined,
): Promise<[TraceLine[], TraceError[]]> {
  if (!requests) return [[], []];
  const { ids, projects, from, to } = requests;
  const where = (
    table: string,
  ) => `requestId IN {ids:Array(String)} AND project IN {projects:Array(String)} AND ifNull(traceId, '') = ''
    AND ${table}.timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND ${table}.timestamp <= fromUnixTimestamp64Milli({to:Int64})
    ORDER BY ${table}.timestamp LIMIT ${MOST_LINES}`;
  const params = { ids, projects, from: Number(from), to: Number(to) };
  return Promise.all([
    telemetry.query<TraceLine>(`SELECT ${LINE} FROM logs WHERE ${where('logs')}`, params),
    telemetry.query<TraceError>(`SELECT ${ERROR} FROM error_events WHERE ${where('error_events')}`, params),
  ]);
}
