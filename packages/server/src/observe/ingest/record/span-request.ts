import { type RequestLines, serviceKey } from '../request-lines.ts';
import { addRow } from './add-row.ts';
import { numberOf } from './json-value.ts';
import type { PartSet } from './part-set.ts';

/** A span as it is stored, as far as it says something of a request. */
export interface RequestSpan {
  /** Milliseconds since the epoch. */
  startTimestamp: number;
  traceId: string;
  spanId: string;
  name: string;
  kind: string | null;
  durationMs: number;
  project: string;
  service: string;
  environment: string;
  release: string;
  userId: string | null;
  requestId: string | null;
  attributes: Readonly<Record<string, string>>;
}

const NAMED = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\/\S*)$/;

/**
 * Adds the request that a server's span tells of, unless its service writes lines of its requests.
 * @param now milliseconds since the epoch
 */
export function addSpanRequest(parts: PartSet, span: RequestSpan, lines: RequestLines, now: number): void {
  if (span.kind !== 'server' || lines.has(serviceKey(span.project, span.service), now)) return;
  const { attributes, project, service, environment, release } = span;
  const first = (...names: string[]) => names.map((name) => attributes[name]).find((value) => value !== undefined);
  const named = NAMED.exec(span.name);
  const method = first('http.request.method', 'http.method', 'method') ?? named?.[1];
  if (method === undefined) return;
  const status = numberOf(first('http.response.status_code', 'http.status_code'));
  addRow(parts, 'request_rows', 'requests', span.startTimestamp, {
    timestamp: span.startTimestamp,
    ...{ project, service, environment, release },
    method,
    endpoint: first('http.route') ?? named?.[2] ?? first('url.path', 'http.target')?.split('?')[0] ?? null,
    statusCode: status !== null && status >= 100 && status < 1_000 ? Math.floor(status) : null,
    duration: span.durationMs,
    requestId: span.requestId,
    traceId: span.traceId,
    clientIp: first('client.address', 'http.client_ip') ?? null,
    userId: span.userId,
    dedupKey: span.requestId ?? `${span.traceId}-${span.spanId}`,
    source: 'span',
  });
}
