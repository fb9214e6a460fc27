import { addRow } from '../record/add-row.ts';
import { type Json, objectOf, textMap, textOf } from '../record/json-value.ts';
import type { PartSet } from '../record/part-set.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { addSpanRequest } from '../record/span-request.ts';
import type { RequestLines } from '../request-lines.ts';
import { attributesOf, believed, listOf, member, originOf, readEnum, readId, readNanos } from './value.ts';

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['', 'ok', 'error'];
const MOST_EVENTS = 128;

/** What became of the members of a request. */
export interface Tally {
  accepted: number;
  rejected: number;
  /** Why the last one was refused. */
  message: string;
}

interface Around {
  project: string;
  now: number;
  requestLines: RequestLines;
  origin: ReturnType<typeof originOf>;
  resource: Readonly<Record<string, unknown>>;
  scope: string | null;
}

/** Adds the spans of an export request. */
export function addSpans(
  request: Json,
  parts: PartSet,
  context: { project: string; now: number; requestLines: RequestLines },
): Tally {
  const tally: Tally = { accepted: 0, rejected: 0, message: '' };
  for (const group of listOf(request, 'resourceSpans')) {
    const resource = attributesOf(objectOf(group['resource']));
    const origin = originOf(resource);
    for (const scope of listOf(group, 'scopeSpans')) {
      const around = { ...context, origin, resource, scope: textOf(scrubTree(objectOf(scope['scope'])['name']), 200) };
      for (const span of listOf(scope, 'spans')) {
        const problem = addSpan(span, parts, around);
        if (problem === undefined) tally.accepted += 1;
        else {
          tally.rejected += 1;
          tally.message = problem;
        }
      }
    }
  }
  return tally;
}

function addSpan(span: Json, parts: PartSet, around: Around): string | undefined {
  const traceId = readId(member(span, 'traceId'), 16);
  const spanId = readId(member(span, 'spanId'), 8);
  const parentSpanId = readId(member(span, 'parentSpanId'), 8);
  if (!traceId || !spanId) return 'a span needs a traceId of 32 and a spanId of 16 hex digits';
  if (parentSpanId === undefined) return 'a parentSpanId is 16 hex digits';
  const start = readNanos(member(span, 'startTimeUnixNano'));
  const end = readNanos(member(span, 'endTimeUnixNano'));
  const { at, original } = believed(start, around.now);
  const kind = readEnum(span['kind'], KINDS, 'SPAN_KIND_');
  const given = { ...around.resource, ...attributesOf(span) };
  const attributes = textMap(scrubTree(given));
  if (around.scope !== null) attributes['otel.scope.name'] = around.scope;
  if (original !== null) attributes['originalTimestamp'] = new Date(original).toISOString();
  const status = objectOf(span['status']);
  const statusText = textOf(scrubTree(status['message']), 2_000);
  if (statusText !== null) attributes['status.message'] = statusText;
  const links = linksOf(span);
  if (links.length > 0) attributes['links'] = JSON.stringify(links);
  const row = {
    startTimestamp: at,
    receivedAt: around.now,
    traceId,
    spanId,
    parentSpanId,
    name: textOf(scrubTree(span['name']), 2_000) ?? '',
    kind,
    op: opOf(kind, attributes),
    durationMs: start === null || end === null ? 0 : Math.max(0, Math.round((end - start) * 1_000) / 1_000),
    status: readEnum(status['code'], STATUSES, 'STATUS_CODE_'),
    isRoot: parentSpanId === null || kind === 'server' || kind === 'consumer',
    project: around.project,
    ...around.origin,
    userId: attributes['user.id'] ?? attributes['enduser.id'] ?? null,
    requestId: attributes['request.id'] ?? attributes['requestId'] ?? null,
    attributes,
    events: JSON.stringify(eventsOf(span)),
  };
  addRow(parts, 'span_rows', 'spans', at, row);
  addSpanRequest(parts, row, around.requestLines, around.now);
  return undefined;
}

function linksOf(span: Json) {
  return listOf(span, 'links').flatMap((link) => {
    const traceId = readId(member(link, 'traceId'), 16);
    const spanId = readId(member(link, 'spanId'), 8);
    return traceId && spanId ? [{ traceId, spanId }] : [];
  });
}

function eventsOf(span: Json) {
  return listOf(span, 'events')
    .slice(0, MOST_EVENTS)
    .map((event) => {
      const time = readNanos(member(event, 'timeUnixNano'));
      return {
        timestamp: time === null ? null : new Date(time).toISOString(),
        name: textOf(scrubTree(event['name']), 500) ?? '',
        attributes: textMap(scrubTree(attributesOf(event))),
      };
    });
}

/** What the span does, by the semantic conventions, in the words that Sentry's SDKs use. */
function opOf(kind: string | null, attributes: Readonly<Record<string, string>>): string | null {
  const has = (...names: string[]) => names.some((name) => attributes[name] !== undefined);
  if (has('db.system', 'db.system.name')) return 'db';
  if (has('messaging.system')) return kind === 'producer' ? 'queue.publish' : 'queue.process';
  if (has('rpc.system')) return 'rpc';
  if (!has('http.request.method', 'http.method')) return null;
  return kind === 'server' ? 'http.server' : 'http.client';
}
