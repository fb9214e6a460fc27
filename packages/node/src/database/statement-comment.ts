import { traceparent } from '../errors/traceparent.ts';
import { currentScope } from '../runtime/scope.ts';

const LONGEST_REQUEST_ID = 100;

/**
 * A statement with a comment that names the request and the trace that it runs for, in the form of sqlcommenter
 * (https://google.github.io/sqlcommenter/spec). It stands first: Postgres cuts what it shows of a running statement, by
 * default after 1,024 bytes. Without a request and a trace, and before another comment of this form, nothing is added.
 */
export function commented(text: string): string {
  const fields = currentScope()?.fields;
  const trace = traceparent();
  const parts: string[] = [];
  if (typeof fields?.requestId === 'string' && fields.requestId !== '') {
    parts.push(`request_id='${encoded(fields.requestId.slice(0, LONGEST_REQUEST_ID))}'`);
  }
  if (trace !== undefined) parts.push(`traceparent='${trace}'`);
  return parts.length === 0 || text.includes("traceparent='") ? text : `/*${parts.join(',')}*/ ${text}`;
}

/** A request's id may be the client's own words: nothing in it may end the comment or the quotation. */
function encoded(value: string): string {
  // Half of a pair of surrogates cannot be encoded; as bytes it becomes a replacement character.
  return encodeURIComponent(Buffer.from(value).toString()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
