/** For whom a statement runs, as far as it says. */
export interface Asker {
  /** 32 hex digits. */
  traceId: string | null;
  requestId: string | null;
}

const LONGEST = 200;

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

/** Whether two statements are the same apart from their values, which are written as `?` or `$1`. */
export function sameStatement(one: string, other: string): boolean {
  const shape = (text: string) => text.replace(/\$\d+/g, '?');
  return shape(one) === shape(other);
}
