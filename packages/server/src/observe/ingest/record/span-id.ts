import { isObject } from './json-value.ts';

/** Names under which clients send the id of a span. */
const NAMES = new Set([
  'spanId',
  'parentSpanId',
  'span_id',
  'parent_span_id',
  'segment_id',
  'sentry.trace.parent_span_id',
  'sentry.segment.id',
  'sentry.segment_id',
]);
const SPAN_ID = /^[0-9a-f]{16}$/i;

/**
 * Whether a value is the id of a span, by its name and its form. Of 60,000 random ids about one has digits alone and
 * passes for the number of a payment card; without it the span, or its place in the trace, would be lost.
 */
export function isSpanId(name: string, value: unknown): boolean {
  return typeof value === 'string' && NAMES.has(name) && SPAN_ID.test(value);
}

/** As {@link isSpanId} for an attribute as containers write it: `{"value": "…", "type": "string"}`. */
export function isSpanIdAttribute(name: string, given: unknown): given is { value: string } {
  return isObject(given) && isSpanId(name, given['value']);
}
