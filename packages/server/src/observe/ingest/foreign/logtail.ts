import { decode } from '@msgpack/msgpack';
import { isObject } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';

export type LogtailEncoding = 'msgpack' | 'json' | 'ndjson';

/**
 * Turns what Better Stack's clients send into lines of our own format: `dt` is the time; where a line was written and
 * by which process (`context`) become attributes. An empty array is a client that says goodbye.
 */
export function translateLogtail(body: Uint8Array, encoding: LogtailEncoding): string[] | Refused {
  let value: unknown;
  try {
    value = encoding === 'msgpack' ? decode(body) : parseText(body, encoding);
  } catch {
    return { code: 'unparsable', message: `The body is not ${encoding}.` };
  }
  const records = Array.isArray(value) ? value : [value];
  return records.map((record) => JSON.stringify(isObject(record) ? lineOf(record) : record) ?? 'null');
}

function parseText(body: Uint8Array, encoding: LogtailEncoding): unknown {
  const text = Buffer.from(body).toString('utf8');
  if (encoding === 'json') return JSON.parse(text);
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line));
}

function lineOf({ dt, timestamp, context, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const time = dt ?? timestamp;
  return {
    ...rest,
    ...(time !== undefined && { timestamp: time instanceof Date ? time.toISOString() : time }),
    ...(context !== undefined && { context }),
  };
}
