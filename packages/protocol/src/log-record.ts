/** Levels from least to most severe. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

/** What a record is about; decides which relations it feeds beside `application_logs`. */
export type RecordType = 'performance' | 'business' | 'security' | 'request' | 'metric' | 'outbound';

/**
 * One line of `POST /ingest/ndjson`. Unknown keys become attributes.
 *
 * - `type: request` (or `performance` with `method` and `statusCode`) also feeds `requests`.
 * - `type: metric` feeds `metrics` alone: `name`, `value`, `unit?`, `labels?`.
 * - `type: outbound` feeds `outbound_calls` alone: `provider`, `host`, `method`, `statusCode?`, `duration`, `failed`, `reason?`.
 */
export interface LogRecord {
  /** ISO 8601 text or milliseconds since the epoch. */
  timestamp: string | number;
  level?: Level;
  message?: string;
  type?: RecordType;
  service?: string;
  environment?: string;
  /** The release that wrote the record; `version` is the same. */
  release?: string;
  version?: string;
  event?: string;
  severity?: string;
  requestId?: string;
  traceId?: string;
  spanId?: string;
  userId?: string;
  ip?: string;
  method?: string;
  /** Route template (`/restaurants/[id]`) for requests. */
  endpoint?: string;
  statusCode?: number;
  /** Milliseconds. */
  duration?: number;
  [attribute: string]: unknown;
}

/** A record that was refused, with its line in the body, counted from 1. */
export interface RejectedLine {
  line: number;
  code: string;
  message: string;
}

/** Answer 202 of `/ingest/ndjson` and `/ingest/json`. */
export interface IngestAnswer {
  accepted: number;
  rejected: RejectedLine[];
}
