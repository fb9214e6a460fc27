import { describe } from '../logging/record-writer.ts';
import { maskSecrets } from '../logging/secrets.ts';
import { type Frame, readFrames } from './frames.ts';

export interface Mechanism {
  type: string;
  handled: boolean;
  synthetic?: boolean;
  is_exception_group?: boolean;
  exception_id?: number;
  parent_id?: number;
  source?: string;
}

export interface ExceptionValue {
  type: string;
  value: string;
  mechanism: Mechanism;
  stacktrace?: { frames: Frame[] };
}

/** Errors of one event: causes and members of groups. */
const MOST = 20;
const LONGEST = 8_000;

/**
 * What was thrown with all its causes, root cause first, as the protocol has it. Members of an `AggregateError` follow
 * their group. What is no error is described.
 */
export function exceptionsOf(thrown: unknown, mechanism: Mechanism): ExceptionValue[] {
  const values: ExceptionValue[] = [];
  collect(thrown, { ...mechanism, exception_id: 0 }, values, new Set());
  return values.reverse();
}

function collect(thrown: unknown, mechanism: Mechanism, into: ExceptionValue[], seen: Set<unknown>): void {
  if (into.length >= MOST || seen.has(thrown)) {
    return;
  }
  seen.add(thrown);
  const members = thrown instanceof AggregateError && Array.isArray(thrown.errors) ? thrown.errors : [];
  const id = into.length;
  into.push(
    toValue(thrown, { ...mechanism, exception_id: id, ...(members.length > 0 ? { is_exception_group: true } : {}) }),
  );
  const below = (inner: unknown, source: string) =>
    collect(inner, { type: 'chained', handled: mechanism.handled, parent_id: id, source }, into, seen);
  const cause = readCause(thrown);
  if (cause !== undefined) {
    below(cause, 'cause');
  }
  members.forEach((member, index) => {
    below(member, `errors[${index}]`);
  });
}

function readCause(thrown: unknown): unknown {
  try {
    return thrown instanceof Error && thrown.cause !== null ? thrown.cause : undefined;
  } catch {
    return undefined;
  }
}

function toValue(thrown: unknown, mechanism: Mechanism): ExceptionValue {
  if (!(thrown instanceof Error)) {
    const text = typeof thrown === 'object' && thrown !== null ? keysOf(thrown) : describe(thrown);
    return { type: 'Error', value: clip(text), mechanism: { ...mechanism, synthetic: true } };
  }
  const frames = readFrames(thrown.stack);
  return {
    type: thrown.name || thrown.constructor.name,
    value: clip(describe(thrown)),
    mechanism,
    ...(frames.length > 0 ? { stacktrace: { frames } } : {}),
  };
}

function keysOf(thrown: object): string {
  const keys = Object.keys(thrown).slice(0, 20);
  return `An object was thrown${keys.length > 0 ? ` with the keys ${keys.join(', ')}` : ''}.`;
}

function clip(text: string): string {
  const masked = maskSecrets(text);
  return masked.length > LONGEST ? `${masked.slice(0, LONGEST)}…` : masked;
}
