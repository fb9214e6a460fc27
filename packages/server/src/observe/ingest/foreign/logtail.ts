import { decodeMulti } from '@msgpack/msgpack';
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
    value = encoding === 'msgpack' ? unpack(body) : parseText(body, encoding);
  } catch {
    return { code: 'unparsable', message: `The body is not ${encoding}.` };
  }
  const records = Array.isArray(value) ? value : [value];
  return records.map((record) => JSON.stringify(isObject(record) ? lineOf(record) : record) ?? 'null');
}

/** One value, or several that follow each other; an array among them is a batch. */
function unpack(body: Uint8Array): unknown[] {
  const values = [...decodeMulti(body)].flat();
  if (values.length > 0 || body.length > 0) return values;
  throw new Error('There is nothing.');
}

function parseText(body: Uint8Array, encoding: LogtailEncoding): unknown {
  const text = Buffer.from(body).toString('utf8');
  if (encoding === 'json') return JSON.parse(text);
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line));
}

/** Seconds, milliseconds and nanoseconds since the epoch are told apart by their size. */
function timeOf(time: unknown): unknown {
  if (time instanceof Date) return time.toISOString();
  if (typeof time !== 'number') return time;
  return time < 1e11 ? time * 1_000 : time > 1e16 ? time / 1e6 : time;
}

function lineOf({ dt, timestamp, context, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const time = dt ?? timestamp;
  return {
    ...rest,
    ...(time !== undefined && { timestamp: timeOf(time) }),
    ...(context !== undefined && { context }),
  };
}
