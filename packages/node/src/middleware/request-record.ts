import type { Logger } from '../logging/logger.ts';

/** Requests that take longer are flagged, milliseconds. */
export const SLOW_REQUEST = 2000;

/** What a finished request left behind. */
export interface RequestRecord {
  requestId: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string | undefined;
  method: string;
  /** Route template. */
  endpoint: string;
  /** As requested, without query. */
  path: string;
  queryKeys?: string[] | undefined;
  statusCode: number;
  /** Milliseconds by a monotonic clock. */
  duration: number;
  requestBytes?: number | undefined;
  responseBytes?: number | undefined;
  ip?: string | undefined;
  userId?: unknown;
  userAgent?: string | undefined;
  clientRequestId?: string | undefined;
  aborted?: true | undefined;
}

/** The names of a target's query parameters, never their values. */
export function queryKeysOf(target: string): string[] | undefined {
  const at = target.indexOf('?');
  return at === -1 ? undefined : [...new Set(new URLSearchParams(target.slice(at + 1)).keys())].slice(0, 20);
}

/** A `content-length` as a number. */
export function lengthOf(header: unknown): number | undefined {
  const length =
    typeof header === 'number'
      ? header
      : typeof header === 'string' && /^\d+$/.test(header)
        ? Number(header)
        : undefined;
  return Number.isSafeInteger(length) ? length : undefined;
}

/** Writes the one line of a request: level `error` from 500 on, else `info`. @param slowAfter milliseconds */
export function logRequest(logger: Logger, record: RequestRecord, slowAfter: number): void {
  const duration = Math.round(record.duration * 1000) / 1000;
  const level = record.statusCode >= 500 ? 'error' : 'info';
  const message = `${record.method} ${record.endpoint} ${record.statusCode}`;
  logger.record(level, 'request', message, { ...record, duration, slow: duration > slowAfter });
}
