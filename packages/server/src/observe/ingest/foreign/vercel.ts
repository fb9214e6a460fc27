import { isObject, type Json, objectOf, textOf } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import { recordKey } from '../spool/seen-records.ts';

/** Records of a body as lines of our own format. */
export interface Translated {
  lines: string[];
  /** Keys of the records among them that their sender gave an id. */
  keys: string[];
}

/** Levels, and streams of functions, by their names at Vercel. */
const LEVELS: Record<string, string> = { warning: 'warn', stdout: 'info', stderr: 'error' };
/** A function that ended without an answer. */
const CRASHED = -1;

/**
 * Turns the records of a Vercel log drain, a JSON array or lines, into lines of our own format; of those with one id the
 * first. The parameters are those of `translate`.
 */
export function translateVercel(body: Uint8Array, project: string, without: ReadonlySet<string>): Translated | Refused {
  const text = Buffer.from(body).toString('utf8').trim();
  try {
    const records: unknown = text.startsWith('[')
      ? JSON.parse(text)
      : text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as unknown]));
    if (!Array.isArray(records)) return { code: 'unparsable', message: 'The body is neither a JSON array nor lines.' };
    return linesOf(records, project, without);
  } catch {
    return { code: 'unparsable', message: 'The body is neither a JSON array nor JSON lines.' };
  }
}

function linesOf(records: readonly unknown[], project: string, without: ReadonlySet<string>): Translated {
  const lines: string[] = [];
  const keys = new Set<string>();
  for (const record of records) {
    const id = isObject(record) ? record['id'] : undefined;
    if ((typeof id === 'string' && id !== '') || typeof id === 'number') {
      const key = recordKey(project, `vercel:${id}`);
      if (keys.has(key) || without.has(key)) continue;
      keys.add(key);
    }
    lines.push(JSON.stringify(isObject(record) ? lineOf(record) : record) ?? 'null');
  }
  return { lines, keys: [...keys] };
}

function lineOf(record: Json): Record<string, unknown> {
  const { message, timestamp, level, requestId, environment, proxy: given, statusCode: status, type, ...rest } = record;
  const proxy = objectOf(given);
  const code = Number(proxy['statusCode'] ?? status);
  const request = isObject(given) ? requestOf(proxy, code) : {};
  const said = textOf(message, 262_144);
  const crashed = code === CRASHED;
  return {
    timestamp: timestamp ?? proxy['timestamp'],
    level: crashed ? 'error' : (LEVELS[String(level ?? type)] ?? level ?? 'info'),
    message: said ?? summaryOf(request, code),
    service: textOf(record['projectName'] ?? record['projectId'], 200),
    environment,
    release: textOf(record['deploymentId'], 250),
    requestId,
    traceId: record['traceId'] ?? record['trace.id'],
    spanId: record['spanId'] ?? record['span.id'],
    ...request,
    attributes: { ...rest, ...(isObject(given) && { proxy }), ...(crashed && { crashed: true }) },
  };
}

/** A request line: the platform's own record of it, with the path in place of the route. */
function requestOf(proxy: Json, code: number): Record<string, unknown> {
  return {
    type: 'performance',
    method: proxy['method'],
    endpoint: textOf(proxy['path'])?.split('?')[0],
    statusCode: code >= 100 ? code : 500,
    ip: proxy['clientIp'],
    clientIp: proxy['clientIp'],
    aborted: code === CRASHED,
  };
}

function summaryOf(request: Record<string, unknown>, code: number): string {
  if (request['type'] === undefined) return '';
  return `${request['method']} ${request['endpoint']} ${code === CRASHED ? 'ended without an answer' : code}`;
}
