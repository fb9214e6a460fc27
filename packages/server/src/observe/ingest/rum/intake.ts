import { createHash, randomUUID } from 'node:crypto';
import type { SourceMaps } from '../../errors/index.ts';
import { isVital, ratingOf } from '../../vitals/index.ts';
import { addRow } from '../record/add-row.ts';
import type { RefusedBody } from '../record/body.ts';
import { driftOf, eventTime } from '../record/event-time.ts';
import { hexId, type Json, numberOf, objectOf, textOf } from '../record/json-value.ts';
import { type EntryBody, PartSet } from '../record/part-set.ts';
import type { ItemContext, SentryContext } from '../sentry/context.ts';
import { addEvent } from '../sentry/items-event.ts';
import { type Beacon, pathOf, readBeacon, templateOf } from './beacon.ts';
import { parseStack } from './stack.ts';

/** What is known of a beacon beside its body. */
export interface RumContext extends SentryContext {
  device: 'desktop' | 'mobile' | 'tablet' | 'bot' | 'unknown';
  /** ISO 3166 code; null when there is no source for it. */
  country: string | null;
}

/** What a beacon became. */
export type RumEncoded = RumTaken | RefusedBody;

export interface RumTaken extends EntryBody {
  ok: true;
  dedupKey: string;
  accepted: number;
  rejected: number;
}

const MOST_EVENTS = 500;
const TIMING_KINDS = new Set(['page_load_timing', 'api_response_time', 'long_animation_frame', 'custom']);
/** Longer ones are sleeping tabs and clocks that jumped, ms. */
const LONGEST_MS = 600_000;

/** Turns a beacon into rows of vitals, timings, events and errors. */
export function encodeRum(body: Uint8Array, context: RumContext, sourceMaps: SourceMaps): RumEncoded {
  const beacon = readBeacon(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  if (!beacon) return { ok: false, status: 400, code: 'invalid_beacon', message: 'The body is no beacon in JSON.' };
  const item: ItemContext = {
    ...context,
    envelopeId: null,
    drift: driftOf(beacon.sentAt, context.now),
    trace: {},
    sdk: { name: '@yumops/browser' },
    out: { parts: new PartSet(), files: [], checkIns: [], taken: new Map() },
  };
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);
  const dedupKey = beacon.id === null ? digest : `${beacon.sessionId}:${beacon.id}`;
  let accepted = 0;
  const events = beacon.events.slice(0, MOST_EVENTS);
  for (const [index, event] of events.entries()) {
    const id = `${digest.slice(0, 16)}-${index.toString(36)}`;
    if (addOne(event, { beacon, item, context, sourceMaps, id })) accepted += 1;
  }
  addLoss({ beacon, item, context, sourceMaps, id: digest });
  return { ok: true, dedupKey, accepted, rejected: beacon.events.length - accepted, ...item.out.parts.take() };
}

interface Around {
  beacon: Beacon;
  item: ItemContext;
  context: RumContext;
  sourceMaps: SourceMaps;
  id: string;
}

function addOne(event: Json, around: Around): boolean {
  const kind = textOf(event['kind'], 64) ?? '';
  if (kind === 'vital') return addVital(event, around);
  if (kind === 'error') return addError(event, around);
  if (kind === 'event') return addEventOfPage(event, around);
  return TIMING_KINDS.has(kind) && addTiming(kind, event, around);
}

/** Records how much the page itself left out, beside the losses that other clients tell of. */
function addLoss({ beacon, item, context, id }: Around): void {
  const quantity = numberOf(beacon.dropped) ?? 0;
  if (quantity < 1) return;
  const { service, environment, release } = beacon;
  addRow(item.out.parts, 'client_report_rows', 'errors', context.now, {
    ...{ timestamp: context.now, id, project: context.project, service, environment, release },
    ...{
      source: 'client',
      reason: 'too_many',
      category: 'browser',
      quantity: Math.min(Math.floor(quantity), 1_000_000),
    },
  });
}

/** Columns that every row of a beacon has. */
function sharedOf(event: Json, { beacon, context, item }: Around) {
  const url = pathOf(textOf(event['url'], 2_000) ?? beacon.url);
  const route = textOf(event['route'], 500) ?? (beacon.route || templateOf(url));
  const { at } = eventTime(event['at'], item.drift, context.now);
  const { service, environment, release, sessionId } = beacon;
  const shared = { timestamp: at, project: context.project, service, environment, release, sessionId };
  return { at, url, row: { ...shared, route, device: context.device } };
}

function addVital(event: Json, around: Around): boolean {
  const name = textOf(event['name'], 16) ?? '';
  const value = numberOf(event['value']);
  if (!isVital(name) || value === null || value < 0 || value > LONGEST_MS) return false;
  const { at, url, row } = sharedOf(event, around);
  addRow(around.item.out.parts, 'web_vital_rows', 'vitals', at, {
    ...row,
    updatedAt: around.context.now,
    id: textOf(event['id'], 100) ?? around.id,
    name,
    value,
    rating: ratingOf(name, value),
    url,
    navigationType: textOf(event['navigationType'], 32),
    country: around.context.country,
    attribution: JSON.stringify(objectOf(event['attribution'])),
  });
  return true;
}

const PHASES = ['dnsLookup', 'tcpConnection', 'serverResponse', 'domProcessing', 'resourceLoading', 'totalLoadTime'];

function addTiming(kind: string, event: Json, around: Around): boolean {
  const phases = Object.fromEntries(PHASES.map((phase) => [phase, millisOf(event[phase])]));
  const duration = millisOf(event['duration']) ?? phases['totalLoadTime'] ?? null;
  if (duration === null) return false;
  const { at, row } = sharedOf(event, around);
  const given = textOf(event['name'], 2_000) ?? '';
  const status = numberOf(event['statusCode']);
  addRow(around.item.out.parts, 'browser_timing_rows', 'vitals', at, {
    ...row,
    id: around.id,
    kind,
    name: kind === 'api_response_time' ? templateOf(pathOf(given)) : given.slice(0, 200),
    method: textOf(event['method'], 16)?.toUpperCase() ?? null,
    statusCode: status !== null && status >= 0 && status < 1_000 ? Math.floor(status) : null,
    duration,
    ...phases,
    country: around.context.country,
    details: detailsOf(kind, event),
    success: typeof event['success'] === 'boolean' ? event['success'] : null,
    traceId: hexId(event['traceId']),
  });
  return true;
}

/** What only this kind of timing has. */
function detailsOf(kind: string, event: Json): string {
  const [numbers, texts] = DETAILS[kind] ?? [[], []];
  const from = kind === 'page_load_timing' ? objectOf(event['resources']) : event;
  return JSON.stringify({
    ...Object.fromEntries(numbers.map((name) => [name, numberOf(from[name]) ?? undefined])),
    ...Object.fromEntries(texts.map((name) => [name, textOf(from[name], 500) ?? undefined])),
  });
}

/** Names of numbers and of texts by kind. */
const DETAILS: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  page_load_timing: [
    ['count', 'bytes', 'cached', 'slowestMs'],
    ['slowest', 'slowestType'],
  ],
  long_animation_frame: [['blockingDuration'], ['function']],
};

/** Longer data of an event is refused: it is for a few facts. */
const MOST_DATA = 16_384;

function addEventOfPage(event: Json, around: Around): boolean {
  const name = textOf(event['name'], 200) ?? '';
  const data = JSON.stringify(objectOf(event['data']));
  if (name === '' || data.length > MOST_DATA) return false;
  const { at, row } = sharedOf(event, around);
  addRow(around.item.out.parts, 'browser_event_rows', 'vitals', at, {
    ...{ ...row, id: around.id, name, data },
    ...{ country: around.context.country, userId: userOf(event) },
  });
  return true;
}

/** Who the page says that the person is; empty where it does not. */
const userOf = (event: Json): string => textOf(event['userId'], 200) ?? '';

/** A length of time that can be; browsers give zero or less for phases of other origins. */
function millisOf(value: unknown): number | null {
  const number = numberOf(value);
  return number !== null && number > 0 && number <= LONGEST_MS ? number : null;
}

function addError(event: Json, around: Around): boolean {
  const { beacon, item, sourceMaps } = around;
  const url = pathOf(textOf(event['url'], 2_000) ?? beacon.url);
  const frames = parseStack(textOf(event['stack'], 65_536) ?? '');
  const images = Object.entries(objectOf(event['debugIds'])).map(([file, id]) => ({
    ...{ type: 'sourcemap', code_file: file, debug_id: id },
  }));
  const exception = {
    type: textOf(event['type'], 200) ?? 'Error',
    value: textOf(event['message'], 8_192) ?? '',
    mechanism: { type: textOf(event['mechanism'], 64) ?? 'generic', handled: event['handled'] === true },
    ...(frames.length > 0 && { stacktrace: { frames } }),
  };
  const components = textOf(event['componentStack'], 8_192);
  const person = userOf(event) || (beacon.sessionId && `session:${beacon.sessionId}`);
  const problem = addEvent(
    {
      platform: 'javascript',
      timestamp: event['at'],
      level: 'error',
      exception: { values: [exception] },
      transaction: textOf(event['route'], 500) ?? (beacon.route || templateOf(url)),
      request: { url },
      release: beacon.release || undefined,
      environment: beacon.environment || undefined,
      tags: { ...(beacon.service !== '' && { service: beacon.service }) },
      contexts: {
        trace: { trace_id: event['traceId'] },
        ...(components !== null && { react: { componentStack: components } }),
      },
      user: person === '' ? {} : { id: person },
      debug_meta: { images },
    },
    randomUUID().replaceAll('-', ''),
    item,
    sourceMaps,
  );
  return problem === undefined;
}
