import { createHash } from 'node:crypto';
import { eventTime } from '../record/event-time.ts';
import { countOf, isObject, type Json, numberOf, objectOf, textOf } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { addTaken, type ItemContext } from './context.ts';
import { addRow, originOf } from './rows.ts';
import { userKey } from './user-key.ts';

const STATUSES = new Set(['ok', 'exited', 'crashed', 'abnormal', 'errored', 'unhandled']);

/** Adds the begin or an update of one session. The row is the session's: the newest update counts. */
export function addSession(given: Json, context: ItemContext): Refused | undefined {
  const session = objectOf(scrubTree(given));
  // What is a secret elsewhere is a random id here; it is kept only hashed where it is the user's.
  const sid = textOf(scrubTree(given['sid']), 64);
  if (sid === null) return { code: 'invalid_session', message: 'A session needs a sid.' };
  const attributes = objectOf(session['attrs']);
  const status = textOf(session['status'], 32) ?? 'ok';
  const errors = countOf(session['errors']);
  const started = eventTime(session['started'] ?? session['timestamp'], context.drift, context.now);
  const updated = eventTime(session['timestamp'], context.drift, context.now);
  const crashed = status === 'crashed' || status === 'unhandled';
  const abnormal = status === 'abnormal';
  const errored = !crashed && !abnormal && (errors > 0 || status === 'errored');
  const seconds = numberOf(session['duration']);
  addRow(context, 'session_rows', 'sessions', started.at, {
    timestamp: started.at,
    updatedAt: Math.max(updated.at, started.at) + (STATUSES.has(status) && status !== 'ok' ? 1 : 0),
    sid,
    ...originOf(context, attributes),
    status: STATUSES.has(status) ? status : 'ok',
    errors: crashed ? Math.max(1, errors) : errors,
    exited: Number(status === 'exited' && errors === 0),
    errored: Number(errored),
    crashed: Number(crashed),
    abnormal: Number(abnormal),
    durationMs: seconds === null ? null : seconds * 1_000,
    userKey: keyOf(session['did']),
  });
  addTaken(context.out, 'session');
  return undefined;
}

/** Adds counts of sessions by minute, as servers send them. @param seed makes the ids of its rows */
export function addSessionAggregates(given: Json, context: ItemContext, seed: string): Refused | undefined {
  const item = objectOf(scrubTree(given));
  const aggregates = Array.isArray(item['aggregates']) ? item['aggregates'].filter(isObject) : [];
  if (aggregates.length === 0) return { code: 'invalid_sessions', message: 'An item of sessions needs aggregates.' };
  aggregates.forEach((aggregate, index) => {
    const { at } = eventTime(aggregate['started'], context.drift, context.now);
    const [exited, errored, crashed, abnormal] = ['exited', 'errored', 'crashed', 'abnormal'].map((name) =>
      countOf(aggregate[name]),
    ) as [number, number, number, number];
    addRow(context, 'session_rows', 'sessions', at, {
      timestamp: at,
      updatedAt: context.now,
      sid: createHash('sha256').update(`${seed}:${index}`).digest('hex').slice(0, 32),
      ...originOf(context, objectOf(item['attrs'])),
      status: crashed > 0 ? 'crashed' : errored > 0 ? 'errored' : abnormal > 0 ? 'abnormal' : 'exited',
      errors: errored + crashed,
      exited,
      errored,
      crashed,
      abnormal,
      userKey: keyOf(aggregate['did']),
    });
    addTaken(context.out, 'session', Math.max(1, exited + errored + crashed + abnormal));
  });
  return undefined;
}

function keyOf(did: unknown): string {
  const text = textOf(did, 300);
  return text === null ? '' : userKey('id', text);
}
