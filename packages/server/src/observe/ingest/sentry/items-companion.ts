import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { eventTime } from '../record/event-time.ts';
import { countOf, hexId, isObject, type Json, numberOf, objectOf, textOf } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { dayOf } from '../record/time.ts';
import { addTaken, type ItemContext, type SentryCheckIn } from './context.ts';
import type { EnvelopeItem } from './envelope.ts';
import { addRow, originOf } from './rows.ts';

/** Adds a user's words: an item of `feedback`, whose words are in a context. */
export function addFeedback(given: Json, eventId: string, context: ItemContext): Refused | undefined {
  const event = objectOf(scrubTree(given));
  const feedback = objectOf(objectOf(event['contexts'])['feedback']);
  const message = textOf(feedback['message'], 16_384);
  if (message === null) return { code: 'invalid_feedback', message: 'A feedback needs a message.' };
  const { at } = eventTime(event['timestamp'], context.drift, context.now);
  addRow(context, 'feedback_rows', 'errors', at, {
    timestamp: at,
    eventId,
    ...originOf(context, { ...event, service: objectOf(event['tags'])['service'] }),
    message,
    email: textOf(feedback['contact_email'], 300) ?? textOf(objectOf(event['user'])['email'], 300),
    name: textOf(feedback['name'], 300),
    associatedEventId: hexId(feedback['associated_event_id']),
    url: textOf(feedback['url'], 2_000),
  });
  addTaken(context.out, 'feedback');
  return undefined;
}

/** Adds a user's words about an event: an item of the older type `user_report`. */
export function addUserReport(given: Json, context: ItemContext): Refused | undefined {
  const report = objectOf(scrubTree(given));
  const associated = hexId(report['event_id']) ?? context.envelopeId;
  const message = textOf(report['comments'], 16_384);
  if (message === null || associated === null) {
    return { code: 'invalid_feedback', message: 'A user report needs event_id and comments.' };
  }
  addRow(context, 'feedback_rows', 'errors', context.now, {
    timestamp: context.now,
    eventId: createHash('sha256').update(`${associated}\n${message}`).digest('hex').slice(0, 32),
    ...originOf(context),
    message,
    email: textOf(report['email'], 300),
    name: textOf(report['name'], 300),
    associatedEventId: associated,
  });
  addTaken(context.out, 'feedback');
  return undefined;
}

/** Adds what an SDK could not send. @param seed makes the ids of its rows */
export function addClientReport(given: Json, context: ItemContext, seed: string): Refused | undefined {
  const report = objectOf(scrubTree(given));
  const { at } = eventTime(report['timestamp'], context.drift, context.now);
  const discarded = Array.isArray(report['discarded_events']) ? report['discarded_events'].filter(isObject) : [];
  discarded.slice(0, 200).forEach((loss, index) => {
    addRow(context, 'client_report_rows', 'errors', at, {
      timestamp: at,
      id: `${seed}-${index}`,
      ...originOf(context),
      source: 'client',
      reason: textOf(loss['reason'], 100) ?? 'unknown',
      category: textOf(loss['category'], 100) ?? 'default',
      quantity: countOf(loss['quantity']),
    });
  });
  addTaken(context.out, 'internal');
  return undefined;
}

/** Adds a file. Its id says on which day and by which content it is found; text is scrubbed, other bytes are kept. */
export function addAttachment({ header, payload }: EnvelopeItem, context: ItemContext): Refused | undefined {
  const bytes = scrubFile(payload);
  const hash = createHash('sha256').update(`${context.project}\n${context.envelopeId}\n${header['filename']}\n`);
  const id = `${dayOf(context.now).replaceAll('-', '')}-${hash.update(bytes).digest('hex').slice(0, 32)}`;
  context.out.files.push({ id, bytes });
  addRow(context, 'attachment_rows', 'errors', context.now, {
    timestamp: context.now,
    id,
    eventId: context.envelopeId,
    ...originOf(context),
    filename: textOf(scrubTree(header['filename']), 255) ?? 'attachment',
    contentType: textOf(scrubTree(header['content_type']), 200),
    bytes: bytes.length,
  });
  addTaken(context.out, 'attachment');
  return undefined;
}

function scrubFile(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (!isUtf8(buffer) || buffer.includes(0)) return new Uint8Array(payload);
  return new Uint8Array(Buffer.from(scrubDocument(buffer.toString('utf8'))));
}

/** JSON is scrubbed by its keys where that finds something; the rest of a text by its form. */
function scrubDocument(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const clean = scrubTree(value);
    return JSON.stringify(clean) === JSON.stringify(value) ? text : JSON.stringify(clean);
  } catch {
    return String(scrubTree(text));
  }
}

const CHECK_IN_STATUS: Readonly<Record<string, SentryCheckIn['status']>> = {
  in_progress: 'in_progress',
  ok: 'ok',
  error: 'error',
  timeout: 'error',
  missed: 'error',
};

/** A name in the form in which addresses carry it. */
function slugOf(value: unknown): string | null {
  const text = textOf(value, 128);
  if (text === null) return null;
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug === '' ? null : slug;
}

/** Adds what a job says of a run. */
export function addCheckIn(given: Json, context: ItemContext): Refused | undefined {
  const checkIn = objectOf(scrubTree(given));
  const slug = slugOf(checkIn['monitor_slug']);
  const status = CHECK_IN_STATUS[textOf(checkIn['status'], 32) ?? ''];
  if (slug === null || status === undefined) {
    return {
      code: 'invalid_check_in',
      message: 'A check-in needs a monitor_slug and a status: in_progress, ok, error.',
    };
  }
  const id =
    hexId(checkIn['check_in_id']) ?? createHash('sha256').update(`${slug}${context.now}`).digest('hex').slice(0, 32);
  const seconds = numberOf(checkIn['duration']);
  const environment = textOf(checkIn['environment'], 200);
  const durationMs = seconds === null || seconds < 0 ? null : seconds * 1_000;
  const at = context.now;
  addRow(context, 'check_in_rows', 'checks', at, {
    timestamp: at,
    id,
    ...originOf(context, checkIn),
    monitorId: slug,
    monitor: slug,
    slug,
    status,
    durationMs,
    output: '',
  });
  const monitor = isObject(checkIn['monitor_config']) ? checkIn['monitor_config'] : null;
  context.out.checkIns.push({ id, slug, status, at, durationMs, environment, monitor });
  addTaken(context.out, 'monitor');
  return undefined;
}

/** Adds what is known of a part of a recorded session; the recording itself is not kept. */
export function addReplayEvent(given: Json, eventId: string, context: ItemContext): Refused | undefined {
  const replay = objectOf(scrubTree(given));
  const replayId = hexId(replay['replay_id']) ?? eventId;
  const { at } = eventTime(replay['timestamp'], context.drift, context.now);
  const texts = (value: unknown) =>
    Array.isArray(value) ? value.slice(0, 100).flatMap((one) => textOf(one, 2_000) ?? []) : [];
  addRow(context, 'replay_rows', 'sessions', at, {
    timestamp: at,
    replayId,
    eventId,
    segment: countOf(replay['segment_id']),
    ...originOf(context, replay),
    urls: texts(replay['urls']),
    errorIds: texts(replay['error_ids']),
    traceIds: texts(replay['trace_ids']),
  });
  addTaken(context.out, 'replay');
  return undefined;
}
