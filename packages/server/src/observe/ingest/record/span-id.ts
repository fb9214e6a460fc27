/** Names under which clients send the id of a span. */
const NAMES = new Set(['spanId', 'parentSpanId', 'span_id', 'parent_span_id']);
const SPAN_ID = /^[0-9a-f]{16}$/i;

/**
 * Whether a value is the id of a span, by its name and its form. Of 60,000 random ids about one has digits alone and
 * passes for the number of a payment card; without it the span, or its place in the trace, would be lost.
 */
export function isSpanId(name: string, value: unknown): boolean {
  return typeof value === 'string' && NAMES.has(name) && SPAN_ID.test(value);
}
