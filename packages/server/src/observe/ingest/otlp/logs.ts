import { type Json, objectOf } from '../record/json-value.ts';
import { anyValue, attributesOf, believed, listOf, member, originOf, readId, readNanos } from './value.ts';

/** Attributes that are columns of a log record, by column. Our own names come first. */
const COLUMNS: Record<string, readonly string[]> = {
  type: ['type'],
  event: ['event', 'event.name'],
  severity: ['severity'],
  endpoint: ['endpoint', 'http.route'],
  method: ['method', 'http.request.method', 'http.method'],
  statusCode: ['statusCode', 'http.response.status_code', 'http.status_code'],
  duration: ['duration'],
  ip: ['ip', 'client.address'],
  userId: ['userId', 'user.id', 'enduser.id'],
  requestId: ['requestId', 'request.id', 'http.request.id'],
};

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** The records of a request as lines of our own format, and how many were not understood. */
export interface TranslatedLogs {
  lines: string[];
  rejected: number;
  message: string;
}

/** Turns log records into records of our own, which the usual way checks, scrubs and stores. */
export function translateLogs(request: Json, now: number): TranslatedLogs {
  const translated: TranslatedLogs = { lines: [], rejected: 0, message: '' };
  for (const group of listOf(request, 'resourceLogs')) {
    const resource = attributesOf(objectOf(group['resource']));
    const origin = originOf(resource);
    for (const scope of listOf(group, 'scopeLogs')) {
      for (const record of listOf(scope, 'logRecords')) {
        const line = lineOf(record, { origin, resource, scope: objectOf(scope['scope']), now });
        if (line !== undefined) translated.lines.push(JSON.stringify(line));
        else {
          translated.rejected += 1;
          translated.message = 'a traceId is 32 hex digits and a spanId 16';
        }
      }
    }
  }
  return translated;
}

interface Around {
  origin: ReturnType<typeof originOf>;
  resource: Readonly<Record<string, unknown>>;
  scope: Json;
  now: number;
}

function lineOf(record: Json, around: Around): Record<string, unknown> | undefined {
  const traceId = readId(member(record, 'traceId'), 16);
  const spanId = readId(member(record, 'spanId'), 8);
  if (traceId === undefined || spanId === undefined) return undefined;
  const time = readNanos(member(record, 'timeUnixNano')) ?? readNanos(member(record, 'observedTimeUnixNano'));
  const { at, original } = believed(time, around.now);
  const attributes: Record<string, unknown> = { ...around.resource, ...attributesOf(record) };
  const body = anyValue(record['body']);
  const scope = around.scope['name'];
  if (typeof scope === 'string' && scope !== '') attributes['otel.scope.name'] = scope;
  if (original !== null) attributes['originalTimestamp'] = new Date(original).toISOString();
  return {
    timestamp: new Date(at).toISOString(),
    level: levelOf(record),
    message: typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body),
    ...(traceId !== null && { traceId }),
    ...(spanId !== null && { spanId }),
    ...nonEmpty(around.origin),
    ...columnsOf(attributes, record),
    attributes,
  };
}

function nonEmpty(origin: Around['origin']): Record<string, string> {
  return Object.fromEntries(Object.entries(origin).filter(([, value]) => value !== ''));
}

function columnsOf(attributes: Record<string, unknown>, record: Json): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  for (const [column, names] of Object.entries(COLUMNS)) {
    const name = names.find((one) => attributes[one] !== undefined && typeof attributes[one] !== 'object');
    if (name === undefined) continue;
    columns[column] = attributes[name];
    delete attributes[name];
  }
  const eventName = member(record, 'eventName');
  if (columns['event'] === undefined && typeof eventName === 'string' && eventName !== '') columns['event'] = eventName;
  return columns;
}

/** Severity numbers come in groups of four, from TRACE 1 to FATAL 24; the text counts where there is no number. */
function levelOf(record: Json): string {
  const given = member(record, 'severityNumber');
  const word = typeof given === 'string' ? /^SEVERITY_NUMBER_([A-Z]+)\d?$/.exec(given)?.[1]?.toLowerCase() : undefined;
  if (word !== undefined && LEVELS.includes(word)) return word;
  const number = Number(given);
  if (number >= 1 && number <= 24) return LEVELS[Math.floor((number - 1) / 4)] as string;
  const text = member(record, 'severityText');
  return typeof text === 'string' && text !== '' ? text : 'info';
}
