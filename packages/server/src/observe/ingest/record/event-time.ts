import { MAX_FUTURE, MAX_PAST } from '@yumops/protocol';
import { numberOf } from './json-value.ts';
import { parseIsoTime } from './time.ts';

/** A sender's clock that is off by less is taken as right, milliseconds: requests take time too. */
const DRIFT_TOLERATED = 60_000;

/**
 * What must be added to the times of a sender whose clock is off.
 * @param sentAt when it says that it sent the envelope
 * @returns milliseconds; 0 when the clock is right or nothing is said
 */
export function driftOf(sentAt: unknown, now: number): number {
  const sent = toTime(sentAt);
  if (sent === undefined) return 0;
  const drift = now - sent;
  return Math.abs(drift) > DRIFT_TOLERATED ? drift : 0;
}

/** Milliseconds since the epoch from seconds as number or digits, or ISO 8601 text. */
export function toTime(value: unknown): number | undefined {
  if (typeof value === 'string' && value.includes('-')) return parseIsoTime(value.trim());
  const number = numberOf(value);
  if (number === null) return undefined;
  const millis = number > 1e11 ? number : number * 1_000;
  return millis >= 0 && millis < 8e12 ? millis : undefined;
}

/** A time that is believed, else the arrival with the time that was sent. */
export interface EventTime {
  at: number;
  /** Milliseconds since the epoch as they were sent, where they were not believed. */
  original: number | null;
}

/** Reads a sender's time, corrected by the drift of its clock, in whole milliseconds. */
export function eventTime(value: unknown, drift: number, now: number): EventTime {
  const sent = toTime(value);
  if (sent === undefined) return { at: now, original: null };
  const at = Math.floor(sent + drift);
  return at < now - MAX_PAST || at > now + MAX_FUTURE ? { at: now, original: sent } : { at, original: null };
}
