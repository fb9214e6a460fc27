import { eventTime, toTime } from '../record/event-time.ts';
import { hexId, isObject, type Json, objectOf, textMap, textOf } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import { REDACTED } from '../record/scrub.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { addSpanRequest } from '../record/span-request.ts';
import { addTaken, type ItemContext, type PartlyRefused } from './context.ts';
import { addRow, originOf } from './rows.ts';

const NO_SPAN: Refused = { code: 'invalid_span', message: 'A span is a JSON object.' };

/** Spans of one transaction or container. */
const MOST_SPANS = 5_000;

/**
 * Adds a transaction: its root span and the spans inside it.
 * @returns why it was refused, or how many of its spans were while it was taken
 */
export function addTransaction(given: Json, context: ItemContext): PartlyRefused | undefined {
  const event = objectOf(scrubTree(given));
  const contexts = objectOf(event['contexts']);
  const trace = objectOf(contexts['trace']);
  const root = {
    ...trace,
    start_timestamp: event['start_timestamp'],
    timestamp: event['timestamp'],
    description: textOf(event['transaction'], 500) ?? textOf(trace['description'], 500),
  };
  const shared = {
    environment: event['environment'],
    release: event['release'],
    service: objectOf(event['tags'])['service'],
    userId: textOf(objectOf(event['user'])['id'], 300),
  };
  const more = { ...textMap(event['tags']), ...measurementsOf(event['measurements']) };
  const refused = addOne(root, { ...shared, isRoot: true, more }, context);
  if (refused) return refused;
  addTaken(context.out, 'transaction');
  return addChildren(event['spans'], { ...shared, isRoot: false, more: {} }, context);
}

function addChildren(given: unknown, around: SpanSurroundings, context: ItemContext): PartlyRefused | undefined {
  const spans = Array.isArray(given) ? given : [];
  const refusals: string[] = [];
  for (const span of spans.slice(0, MOST_SPANS)) {
    const refused = isObject(span) ? addOne(span, around, context) : NO_SPAN;
    if (refused) refusals.push(refused.message);
    else addTaken(context.out, 'span');
  }
  const over = Math.max(0, spans.length - MOST_SPANS);
  if (over > 0) refusals.push(`A transaction may have ${MOST_SPANS} spans.`);
  const quantity = over === 0 ? refusals.length : refusals.length - 1 + over;
  if (quantity === 0) return undefined;
  const message = `${quantity} of the ${spans.length} spans of a transaction were not taken. ${refusals[0]}`;
  return { code: 'invalid_span', message, category: 'span', quantity };
}

function measurementsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(objectOf(value)).flatMap(([name, inner]): [string, string][] => {
    const number = textOf(objectOf(inner)['value']);
    return number === null ? [] : [[`measurement.${name}`, number]];
  });
  return Object.fromEntries(entries);
}

interface SpanSurroundings {
  environment: unknown;
  release: unknown;
  service: unknown;
  userId: string | null;
  isRoot: boolean;
  more: Record<string, string>;
}

/** A span as transactions carry it. */
function addOne(span: Json, around: SpanSurroundings, context: ItemContext): Refused | undefined {
  const data = textMap(span['data']);
  return addSpanRow(
    {
      span,
      name: textOf(span['description'], 2_000) ?? textOf(span['op'], 200) ?? '',
      op: textOf(span['op'], 200),
      kind: data['otel.kind']?.toLowerCase() ?? kindOf(textOf(span['op'], 200)),
      status: textOf(span['status'], 64),
      start: span['start_timestamp'],
      end: span['timestamp'],
      attributes: { ...textMap(span['tags']), ...data, ...around.more, ...originAttribute(span) },
      around,
    },
    context,
  );
}

function originAttribute(span: Json): Record<string, string> {
  const origin = textOf(span['origin'], 200);
  return origin === null ? {} : { 'sentry.origin': origin };
}

/** Adds the spans of a version 2 container. @returns how many were not understood */
export function addSpanItems(items: readonly unknown[], context: ItemContext): number {
  let refused = 0;
  for (const given of items.slice(0, MOST_SPANS)) {
    const span = objectOf(scrubTree(given));
    const attributes = { ...context.inferred, ...attributesOf(span['attributes']) };
    const problem = addSpanRow(
      {
        span,
        name: textOf(span['name'], 2_000) ?? attributes['sentry.description'] ?? '',
        op: textOf(attributes['sentry.op'], 200),
        kind: textOf(span['kind'], 32)?.toLowerCase() ?? kindOf(textOf(attributes['sentry.op'], 200)),
        status: textOf(span['status'], 64),
        start: span['start_timestamp'],
        end: span['end_timestamp'],
        attributes,
        around: {
          environment: attributes['sentry.environment'],
          release: attributes['sentry.release'],
          service: attributes['service.name'],
          userId: attributes['user.id'] ?? null,
          isRoot: span['is_segment'] === true || span['is_remote'] === true,
          more: {},
        },
      },
      context,
    );
    if (problem) refused += 1;
    else addTaken(context.out, 'span');
  }
  return refused + Math.max(0, items.length - MOST_SPANS);
}

/** `{name: {value, type}}`, as containers write attributes, as a flat map of texts. */
export function attributesOf(value: unknown): Record<string, string> {
  const plain = Object.entries(objectOf(value)).map(([name, inner]): [string, unknown] => {
    if (inner === REDACTED) return [name, inner];
    return [name, isObject(inner) && 'value' in inner ? inner['value'] : inner];
  });
  return textMap(Object.fromEntries(plain));
}

interface SpanParts {
  span: Json;
  name: string;
  op: string | null;
  kind: string | null;
  status: string | null;
  start: unknown;
  end: unknown;
  attributes: Record<string, string>;
  around: SpanSurroundings;
}

function addSpanRow(parts: SpanParts, context: ItemContext): Refused | undefined {
  const { span, around, attributes } = parts;
  const traceId = hexId(span['trace_id']) ?? hexId(context.trace['trace_id']);
  const spanId = hexId(span['span_id'], 16);
  const started = toTime(parts.start);
  if (traceId === null || spanId === null) {
    return { code: 'invalid_span', message: 'A span needs a trace_id of 32 and a span_id of 16 hex digits.' };
  }
  if (started === undefined) return { code: 'invalid_span', message: `Span ${spanId} has no start.` };
  const { at, original } = eventTime(parts.start, context.drift, context.now);
  const ended = toTime(parts.end);
  if (original !== null) attributes['originalTimestamp'] = new Date(original).toISOString();
  const row = {
    startTimestamp: at,
    receivedAt: context.now,
    traceId,
    spanId,
    parentSpanId: hexId(span['parent_span_id'], 16),
    name: parts.name,
    kind: parts.kind,
    op: parts.op,
    durationMs: ended === undefined ? 0 : Math.max(0, Math.round((ended - started) * 1_000) / 1_000),
    status: parts.status,
    isRoot: around.isRoot,
    ...originOf(context, around),
    userId: around.userId,
    requestId: attributes['request.id'] ?? attributes['requestId'] ?? null,
    attributes,
  };
  addRow(context, 'span_rows', 'spans', at, row);
  // A page can say what it likes; only a server knows its requests.
  if (context.requestLines && context.scope !== 'public') {
    addSpanRequest(context.out.parts, row, context.requestLines, context.now);
  }
  return undefined;
}

/** What OpenTelemetry would call a span of this operation. */
function kindOf(op: string | null): string | null {
  if (op === null) return null;
  if (op.startsWith('http.server')) return 'server';
  if (op.startsWith('http.client') || op.startsWith('db')) return 'client';
  if (op.startsWith('queue.publish')) return 'producer';
  return op.startsWith('queue.process') ? 'consumer' : 'internal';
}
