/** An item of `GET /api/v1/traces/routes`: what a service does, by name. */
export interface TraceRoute {
  service: string;
  name: string;
  op: string | null;
  count: number;
  /** Share that ended with an error, 0 to 1. */
  failed: number;
  p50: number;
  p95: number;
  max: number;
}

/** An item of `GET /api/v1/traces`. */
export interface TraceItem {
  traceId: string;
  startedAt: string;
  name: string;
  service: string;
  durationMs: number;
  status: string | null;
  spans: number;
  errors: number;
}

export interface TraceSpan {
  spanId: string;
  parentSpanId: string | null;
  name: string;
  kind: string | null;
  op: string | null;
  service: string;
  startedAt: string;
  /** Milliseconds after the start of the trace. */
  offsetMs: number;
  durationMs: number;
  status: string | null;
  attributes: Record<string, string>;
  events: { timestamp: string | null; name: string; attributes: Record<string, string> }[];
}

/** `GET /api/v1/traces/:id` */
export interface TraceDetail {
  traceId: string;
  startedAt: string;
  durationMs: number;
  spans: TraceSpan[];
  logs: { id: string; timestamp: string; level: string; message: string; service: string; spanId: string | null }[];
  errors: {
    eventId: string;
    groupId: string;
    timestamp: string;
    type: string;
    message: string;
    spanId: string | null;
  }[];
}
