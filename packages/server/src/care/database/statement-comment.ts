/** For whom a statement runs, as far as it says. */
export interface Asker {
  /** 32 hex digits. */
  traceId: string | null;
  requestId: string | null;
}

const LONGEST = 200;
/** Characters before a cut that may not be as they were. */
const ENDING = 8;

/**
 * Reads the comment that sqlcommenter, OpenTelemetry or `traceQueries` of the SDK puts into a statement
 * (https://google.github.io/sqlcommenter/spec): pairs of a name and an encoded value in single quotes.
 */
export function askerOf(query: string | null): Asker {
  const asker: Asker = { traceId: null, requestId: null };
  for (const [comment] of query?.matchAll(/\/\*[^*]*(?:\*\/|$)/g) ?? []) {
    for (const [, name, value] of comment.matchAll(/(?<=^|[^\w])(traceparent|request_id)='([^']*)'/g)) {
      if (name === 'traceparent') asker.traceId ??= /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(value as string)?.[1] ?? null;
      else asker.requestId ??= decoded(value as string);
    }
  }
  return asker;
}

/** Null for what is no encoded text, or too long to be an id. */
function decoded(value: string): string | null {
  try {
    const text = decodeURIComponent(value);
    return text === '' || text.length > LONGEST ? null : text;
  } catch {
    return null;
  }
}

/** The mark of a statement that was cut. */
const CUT = / …$/;

/** A statement without what differs from client to client: how its values are written and how many a list has, white space, its end. */
function shapeOf(text: string): string {
  return text
    .replace(CUT, '')
    .replace(/\$\d+|%s/g, '?')
    .replace(/\s*([(),;=])\s*/g, '$1')
    .replace(/\?(?:,\?)+/g, '?')
    .replace(/(\(\?\))(?:,\(\?\))+/g, '$1')
    .replace(/[\s;]+$/, '');
}

/**
 * Whether two statements are the same apart from their values, which are written as `?`, `$1` or `%s`. A statement that was cut is
 * compared as far as it goes.
 */
export function sameStatement(one: string, other: string): boolean {
  const [a, b] = [shapeOf(one), shapeOf(other)];
  if (!CUT.test(one) && !CUT.test(other)) return a === b;
  // The end of what is left may be part of a value or of a list.
  const length = Math.min(CUT.test(one) ? a.length : b.length, CUT.test(other) ? b.length : a.length) - ENDING;
  return a.slice(0, length) === b.slice(0, length) && Math.min(a.length, b.length) >= length;
}
