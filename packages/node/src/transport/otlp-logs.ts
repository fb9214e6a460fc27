import { LEVELS } from '@yumops/protocol';
import type { WireFormat } from './batch-sender.ts';

/** A value of OTLP's JSON form; an empty one is null. Field names as in opentelemetry-proto 1.x. */
type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } }
  | { kvlistValue: { values: KeyValue[] } }
  | Record<string, never>;

interface KeyValue {
  key: string;
  value: AnyValue;
}

interface OtlpRecord {
  timeUnixNano: string;
  observedTimeUnixNano: string;
  severityNumber: number;
  severityText: string;
  body: AnyValue;
  attributes: KeyValue[];
  traceId?: string;
  spanId?: string;
}

const TRACE_ID = /^(?!0{32}$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16}$)[0-9a-f]{16}$/;
/** Numbers of severities come in groups of four, one for each level. */
const GROUP = 4;

function anyValue(value: unknown): AnyValue {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      if (Array.isArray(value)) {
        return { arrayValue: { values: value.map(anyValue) } };
      }
      return value === null || value === undefined ? {} : { kvlistValue: { values: pairsOf(value) } };
  }
}

function pairsOf(fields: object): KeyValue[] {
  return Object.entries(fields).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** An error under the names that OpenTelemetry has for it. */
function attributesOf({ error, ...fields }: Record<string, unknown>): KeyValue[] {
  if (typeof error !== 'object' || error === null || !('stack' in error || 'message' in error)) {
    return pairsOf(error === undefined ? fields : { ...fields, error });
  }
  const { name, message, stack, ...rest } = error as Record<string, unknown>;
  const named = { 'exception.type': name, 'exception.message': message, 'exception.stacktrace': stack };
  const told = Object.entries(named).filter(([, value]) => typeof value === 'string' && value !== '');
  return pairsOf({ ...fields, ...Object.fromEntries(told), ...(Object.keys(rest).length > 0 ? { error: rest } : {}) });
}

interface Parsed {
  /** Names the resource. */
  origin: string;
  resource: KeyValue[];
  record: OtlpRecord;
}

function parse(line: string, now: number): Parsed {
  const { timestamp, level, message, service, environment, release, traceId, spanId, ...rest } = JSON.parse(
    line,
  ) as Record<string, unknown>;
  const at = typeof timestamp === 'number' ? timestamp : Date.parse(String(timestamp));
  const fields: Record<string, unknown> = rest;
  const ids: { traceId?: string; spanId?: string } = {};
  if (typeof traceId === 'string' && TRACE_ID.test(traceId)) {
    ids.traceId = traceId;
    if (typeof spanId === 'string' && SPAN_ID.test(spanId)) ids.spanId = spanId;
    else if (spanId !== undefined) fields['spanId'] = spanId;
  } else {
    Object.assign(fields, traceId === undefined ? {} : { traceId }, spanId === undefined ? {} : { spanId });
  }
  const origin = { 'service.name': service, 'deployment.environment.name': environment, 'service.version': release };
  const known = Object.entries(origin).filter(([, value]) => typeof value === 'string');
  return {
    origin: JSON.stringify(known),
    resource: pairsOf(Object.fromEntries(known)),
    record: {
      timeUnixNano: nanos(at),
      observedTimeUnixNano: nanos(now),
      severityNumber: Math.max(0, LEVELS.indexOf(level as (typeof LEVELS)[number])) * GROUP + 1,
      severityText: String(level).toUpperCase(),
      // The counts of lost lines have a name and no message.
      body: anyValue(message ?? fields['name'] ?? ''),
      attributes: attributesOf(fields),
      ...ids,
    },
  };
}

const nanos = (ms: number) => `${Math.floor(ms)}000000`;

/** Lines of JSON as one request of OTLP, the records of one origin together. */
function encode(lines: Buffer): Buffer {
  const groups = new Map<string, { resource: KeyValue[]; records: OtlpRecord[] }>();
  const now = Date.now();
  for (const line of lines.toString().split('\n')) {
    if (line !== '') {
      const { origin, resource, record } = parse(line, now);
      const group = groups.get(origin) ?? { resource, records: [] };
      groups.set(origin, group);
      group.records.push(record);
    }
  }
  const resourceLogs = [...groups.values()].map(({ resource, records }) => ({
    resource: { attributes: resource },
    scopeLogs: [{ scope: { name: '@yumops/node' }, logRecords: records }],
  }));
  return Buffer.from(JSON.stringify({ resourceLogs }));
}

function rejectedIn(body: string): number {
  try {
    const { partialSuccess } = JSON.parse(body) as { partialSuccess?: { rejectedLogRecords?: unknown } };
    return Number(partialSuccess?.rejectedLogRecords) || 0;
  } catch {
    return 0;
  }
}

/** The only answers after which the specification of OTLP/HTTP lets a client try again. */
const TEMPORARY: readonly number[] = [429, 502, 503, 504];

/** OTLP/HTTP with JSON, as receivers of OpenTelemetry's logs take it. */
export const OTLP_LOGS: WireFormat = {
  path: '/v1/logs',
  headers: {},
  contentType: 'application/json',
  encode,
  rejectedIn,
  reportsDrops: false,
  isTemporary: (status) => TEMPORARY.includes(status),
  check: 'the address and the headers of the receiver',
};
