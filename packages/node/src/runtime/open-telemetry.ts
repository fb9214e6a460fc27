import type { TraceContext } from '../middleware/trace-context.ts';

/** Where `@opentelemetry/api` keeps what the application registered with it; all its copies of version 1 share it. */
const API = Symbol.for('opentelemetry.js.api.1');
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');

interface SpanContext {
  traceId: string;
  spanId: string;
  traceFlags?: number;
}

interface OpenTelemetryApi {
  /** What the application registered to make spans. */
  trace?: unknown;
  context?: { active(): { getValue(key: symbol): { spanContext?(): SpanContext } | undefined } };
}

/** Ids are hexadecimal digits that are not all zero; what has another form is none of OpenTelemetry. */
const isId = (text: unknown) => typeof text === 'string' && /^(?!0*$)[0-9a-f]{1,64}$/i.test(text);

/** Whether OpenTelemetry traces this application. */
export function hasTracer(): boolean {
  return (globalThis as { [API]?: OpenTelemetryApi })[API]?.trace !== undefined;
}

/** The span of OpenTelemetry in which the running code is; undefined without OpenTelemetry, and outside of spans. */
export function activeSpan(): TraceContext | undefined {
  const api = (globalThis as { [API]?: OpenTelemetryApi })[API];
  if (api?.context === undefined) {
    return undefined;
  }
  const span = api.context.active().getValue(SPAN)?.spanContext?.();
  return span === undefined || !isId(span.traceId) || !isId(span.spanId)
    ? undefined
    : { traceId: span.traceId, spanId: span.spanId, sampled: ((span.traceFlags ?? 0) & 1) === 1 };
}
