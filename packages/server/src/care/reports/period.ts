import type { ReportKind } from '@yumops/protocol';
import { DAY_MS, instantOf, wallTimeAt } from '../../lib/zoned-time.ts';

export const REPORT_KINDS: readonly ReportKind[] = ['daily', 'weekly', 'monthly', 'quarterly'];

/** `[from, to)`, milliseconds since the epoch. */
export interface Span {
  from: number;
  to: number;
}

/** What a report is about, and what that is compared with. */
export interface Period extends Span {
  kind: ReportKind;
  timeZone: string;
  /** As long as the period, or as long as the calendar has it; the same days of the week where that can be. */
  before: Span;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEEK_DAYS = 7;
const ROLLING_DAYS: Readonly<Record<ReportKind, number>> = { daily: 1, weekly: 7, monthly: 28, quarterly: 91 };

/**
 * The last whole period of the calendar before an instant: the day before, the seven days before, the month or the
 * quarter before. A day is compared with the same day of the week before, so that no Monday is measured by a Sunday.
 * @param at milliseconds since the epoch
 */
export function calendarPeriod(kind: ReportKind, at: number, timeZone: string): Period {
  const today = Math.floor(wallTimeAt(at, timeZone) / DAY_MS) * DAY_MS;
  const instant = (wall: number) => instantOf(wall, timeZone);
  const days = (from: number, to: number) => ({
    from: instant(today - from * DAY_MS),
    to: instant(today - to * DAY_MS),
  });
  switch (kind) {
    case 'daily':
      return { kind, timeZone, ...days(1, 0), before: days(1 + WEEK_DAYS, WEEK_DAYS) };
    case 'weekly':
      return { kind, timeZone, ...days(WEEK_DAYS, 0), before: days(2 * WEEK_DAYS, WEEK_DAYS) };
    case 'monthly':
      return { kind, timeZone, ...months(today, 1, timeZone) };
    case 'quarterly':
      return { kind, timeZone, ...months(today, 3, timeZone) };
  }
}

function months(today: number, length: number, timeZone: string): Span & { before: Span } {
  const date = new Date(today);
  const first = date.getUTCMonth() - (date.getUTCMonth() % length);
  const start = (back: number) => instantOf(Date.UTC(date.getUTCFullYear(), first - back * length, 1), timeZone);
  return { from: start(1), to: start(0), before: { from: start(2), to: start(1) } };
}

/**
 * The period that ends with the minute of an instant: 1, 7, 28 or 91 days. Compared with the one before, a day with the
 * same day of the week before.
 * @param at milliseconds since the epoch
 */
export function rollingPeriod(kind: ReportKind, at: number, timeZone: string): Period {
  const to = Math.ceil(at / MINUTE_MS) * MINUTE_MS;
  const length = ROLLING_DAYS[kind] * DAY_MS;
  const back = Math.max(length, WEEK_DAYS * DAY_MS);
  return { kind, timeZone, from: to - length, to, before: { from: to - length - back, to: to - back } };
}

/** Width of the steps in which a period is looked at, milliseconds. */
export function stepOf(kind: ReportKind): number {
  return kind === 'quarterly' ? 6 * HOUR_MS : HOUR_MS;
}
