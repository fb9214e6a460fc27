import { type ErrorEvent, type ExceptionValue, type StackFrame, thrownOf } from '../../errors/index.ts';
import { hexId, isObject, type Json, numberOf, objectOf, textOf } from '../record/json-value.ts';
import type { ItemContext } from './context.ts';
import { USER_NAMES, userKey } from './user-key.ts';

/** Frames of one stack that are kept: the innermost, and some of the outermost. */
const MOST_FRAMES = { inner: 200, outer: 50 };
const MOST_BREADCRUMBS = 100;
const MOST_CAUSES = 50;
const MOST_TAGS = 200;

const LEVELS = new Set(['fatal', 'error', 'warning', 'info', 'debug']);

/**
 * Brings an event into one form: lists and bare objects become what the protocol calls for now, ids are 32 hex digits,
 * what has no bound gets one. Members that nobody reads stay as they are.
 * @param event scrubbed; its frames are changed in place
 */
export function normaliseEvent(event: Json, eventId: string, context: ItemContext): ErrorEvent {
  const exceptions = valuesOf(event['exception']).slice(-MOST_CAUSES).map(normaliseException);
  const { message, template } = messageOf(event);
  const level = textOf(event['level'])?.toLowerCase() ?? '';
  return {
    ...event,
    event_id: eventId,
    level: LEVELS.has(level) ? level : level === 'log' ? 'info' : 'error',
    platform: textOf(event['platform'], 64) ?? 'other',
    exception: { values: exceptions },
    message,
    template,
    fingerprint: listOf(event['fingerprint']).flatMap((part) => textOf(part, 500) ?? []),
    tags: tagsOf(event['tags']),
    transaction: textOf(event['transaction'], 500),
    release: textOf(event['release'], 250) ?? textOf(context.trace['release'], 250),
    dist: textOf(event['dist'], 64),
    environment: textOf(event['environment'], 200) ?? textOf(context.trace['environment'], 200),
    breadcrumbs: { values: valuesOf(event['breadcrumbs']).slice(-MOST_BREADCRUMBS) },
    user: normaliseUser(event['user'], context),
    debug_meta: { images: imagesOf(event['debug_meta']) },
  };
}

/** `{values: […]}`, a list, or one bare object. */
function valuesOf(value: unknown): Record<string, unknown>[] {
  const list = isObject(value) ? (Array.isArray(value['values']) ? value['values'] : [value]) : listOf(value);
  return list.filter(isObject);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function normaliseException(value: Record<string, unknown>): ExceptionValue {
  const frames = listOf(objectOf(value['stacktrace'])['frames']).filter(isObject).map(normaliseFrame);
  const kept =
    frames.length > MOST_FRAMES.inner + MOST_FRAMES.outer
      ? [...frames.slice(0, MOST_FRAMES.outer), ...frames.slice(-MOST_FRAMES.inner)]
      : frames;
  return {
    ...value,
    type: textOf(value['type'], 300) ?? undefined,
    value: textOf(value['value']) ?? undefined,
    mechanism: isObject(value['mechanism']) ? value['mechanism'] : undefined,
    stacktrace: kept.length > 0 ? { frames: kept } : undefined,
  };
}

/** Texts of a frame, with the longest that is kept. */
const FRAME_TEXTS = [
  ['filename', 1_000],
  ['abs_path', 1_000],
  ['function', 500],
  ['module', 500],
  ['context_line', 1_000],
] as const;

/** Changes only what is not as it should be: an event has hundreds of frames, nearly all of them good. */
function normaliseFrame(frame: Record<string, unknown>): StackFrame {
  for (const [name, most] of FRAME_TEXTS) {
    const value = frame[name];
    if (value !== undefined && (typeof value !== 'string' || value === '' || value.length > most)) {
      frame[name] = textOf(value, most) ?? undefined;
    }
  }
  for (const name of ['lineno', 'colno']) {
    if (frame[name] !== undefined) frame[name] = numberOf(frame[name]) ?? undefined;
  }
  for (const name of ['pre_context', 'post_context']) {
    if (frame[name] !== undefined) frame[name] = linesOf(frame[name]);
  }
  if (typeof frame['in_app'] !== 'boolean') frame['in_app'] = undefined;
  if (frame['raw'] !== undefined) frame['raw'] = undefined;
  return frame as unknown as StackFrame;
}

function linesOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.slice(0, 10).map((line) => textOf(line, 1_000) ?? '') : undefined;
}

function messageOf(event: Json): { message: string; template: string | null } {
  const entry = isObject(event['logentry']) ? event['logentry'] : objectOf(event['sentry.interfaces.Message']);
  const given = isObject(event['message']) ? event['message'] : entry;
  const template = textOf(given['message']);
  const formatted = textOf(given['formatted']) ?? textOf(event['message']) ?? template ?? '';
  const hasParams = Array.isArray(given['params']) || isObject(given['params']);
  if (!hasParams || template === null) return { message: formatted, template: null };
  return { message: formatted === template ? fillIn(template, given['params']) : formatted, template };
}

/** Fills `%s`, `%d` and `{}` with the parameters in order. */
function fillIn(template: string, params: unknown): string {
  const values = Array.isArray(params) ? params : [];
  let next = 0;
  return template.replace(/%[sdifjo]|\{\}/g, (mark) => {
    if (next >= values.length) return mark;
    const value = values[next] as unknown;
    next += 1;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function tagsOf(value: unknown): Record<string, string> {
  const pairs = Array.isArray(value)
    ? value.flatMap((pair): [unknown, unknown][] => {
        if (Array.isArray(pair)) return [[pair[0], pair[1]]];
        return isObject(pair) ? [[pair['key'], pair['value']]] : [];
      })
    : Object.entries(objectOf(value));
  const tags: Record<string, string> = {};
  for (const [key, inner] of pairs.slice(0, MOST_TAGS)) {
    const name = textOf(key, 200);
    const text = textOf(inner, 200);
    if (name !== null && text !== null) tags[name] = text;
  }
  return tags;
}

/** The sender may leave the address to us, as browsers do; one that a browser tells of itself proves nothing. */
function normaliseUser(value: unknown, context: ItemContext): Record<string, unknown> {
  const user = { ...objectOf(value) };
  const given = textOf(user['ip_address'], 64);
  const infer = given === '{{auto}}' || objectOf(objectOf(context.sdk)['settings'])['infer_ip'] === 'auto';
  const ip = context.scope === 'public' || infer ? context.ip : given;
  delete user['ip_address'];
  return ip === null || (given === null && !infer) ? user : { ...user, ip_address: ip };
}

function imagesOf(value: unknown): { code_file: string; debug_id: string }[] {
  return listOf(objectOf(value)['images'])
    .filter(isObject)
    .slice(0, 1_000)
    .flatMap((image) => {
      const file = textOf(image['code_file'], 1_000);
      const id = hexId(image['debug_id']);
      return file !== null && id !== null ? [{ code_file: file, debug_id: id }] : [];
    });
}

/** What tells two people apart, hashed; empty when nothing is known of them. */
export function userKeyOf(user: Json): string {
  for (const name of USER_NAMES) {
    const value = textOf(user[name], 500);
    if (value === null || value === '[redacted]') continue;
    return userKey(name, value);
  }
  return '';
}

/** Function and place of the innermost frame of the application, else the route. */
export function culpritOf(event: ErrorEvent): string {
  const frames = thrownOf(event)?.stacktrace?.frames ?? [];
  const frame = frames.findLast(({ in_app: inApp }) => inApp === true) ?? frames.at(-1);
  if (!frame) return event.transaction ?? '';
  const place = frame.module ?? frame.filename ?? '';
  return frame.function === undefined ? place : `${frame.function} (${place})`;
}
