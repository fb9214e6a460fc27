/**
 * `GET /api/v1/logs?q=&from=&to=&limit=&cursor=`. Query language: words are searched in the message;
 * `field:value`, `field:>10`, `field:a,b`, `-field:value`, `"exact phrase"`, `OR` between terms.
 */
export interface LogRow {
  /** Stable within the store; `GET /api/v1/logs/:id` finds the row again. */
  id: string;
  timestamp: string;
  level: string;
  message: string;
  service: string;
  type: string | null;
  endpoint: string | null;
  method: string | null;
  statusCode: number | null;
  duration: number | null;
  requestId: string | null;
  traceId: string | null;
}

/** `GET /api/v1/logs/:id`: every column, attributes as a flat map with dotted keys. */
export interface LogRowDetail extends LogRow {
  fields: Record<string, string | number | boolean | null>;
  attributes: Record<string, string>;
}

export interface LogPage {
  /** Of whole records where `whole=true` was asked for. */
  items: (LogRow & Partial<Pick<LogRowDetail, 'fields' | 'attributes'>>)[];
  nextCursor: string | null;
  elapsedMs: number;
}

/** `GET /api/v1/logs/:id/context?before=10&after=10&q=`: the lines around one, each list oldest first. */
export interface LogContext {
  row: LogRow;
  before: LogRow[];
  after: LogRow[];
}

/** `GET /api/v1/logs/histogram?q=&from=&to=&buckets=60` */
export interface LogHistogram {
  from: string;
  to: string;
  /** Width of a bucket in milliseconds. */
  stepMs: number;
  levels: string[];
  /** One array per level, one count per bucket. */
  counts: Record<string, number[]>;
  total: number;
  elapsedMs: number;
}

/** `GET /api/v1/logs/fields?q=&from=&to=`: fields present in the range, with their commonest values. */
export interface LogFields {
  fields: { name: string; values: { value: string; count: number }[] }[];
}

/** A form that messages have in common; `<*>` stands for what differs. */
export interface LogPattern {
  template: string;
  count: number;
  /** Lines of level error and fatal among them. */
  errors: number;
  /** One of the messages. */
  example: string;
  /** A query that finds lines of this form, and perhaps a few others. */
  q: string;
}

/** `GET /api/v1/logs/patterns?q=&from=&to=`, the commonest first. */
export interface LogPatterns {
  items: LogPattern[];
  /** Lines that were looked at: all of the selection, or a sample of them. */
  lines: number;
  /** Lines of the selection. */
  total: number;
  elapsedMs: number;
}

/** Events of `GET /api/v1/logs/tail?q=` (server-sent events): `row` with this, `dropped` with `{count}`. */
export type LogTailEvent = LogRow;

/** `POST /api/v1/query {sql}` */
export interface QueryAnswer {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  elapsedMs: number;
}
