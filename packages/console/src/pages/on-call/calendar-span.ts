import { midnight, startOfMonth, startOfWeek } from '../../time/days.ts';
import { parseMoment } from '../../time/parse.ts';
import type { Zone } from '../../time/zone.ts';

export const SPANS = ['week', 'month'] as const;
export type SpanKind = (typeof SPANS)[number];

/** What the calendar shows: whole days of the viewer's zone. */
export interface CalendarSpan {
  kind: SpanKind;
  /** Milliseconds; `to` no longer belongs. */
  from: number;
  to: number;
  /** The midnight of each day. */
  days: readonly number[];
}

/** Reads the address: the week or month that holds `day`, or today. */
export function calendarSpan(
  search: { span?: string | undefined; day?: string | undefined },
  { now, zone }: { now: number; zone: Zone },
): CalendarSpan {
  const kind = SPANS.find((each) => each === search.span) ?? 'week';
  const day = (search.day === undefined ? null : parseMoment(search.day, now, zone)) ?? now;
  const from = kind === 'week' ? startOfWeek(day, zone) : startOfMonth(day, zone);
  const to = kind === 'week' ? midnight(from, zone, 7) : startOfMonth(from, zone, 1);
  const days: number[] = [];
  for (let next = from; next < to; next = midnight(next, zone, 1)) days.push(next);
  return { kind, from, to, days };
}

/** The first day of the span before (-1) or after (1). */
export function neighbour({ kind, from }: CalendarSpan, step: -1 | 1, zone: Zone): number {
  return kind === 'week' ? midnight(from, zone, 7 * step) : startOfMonth(from, zone, step);
}

/** Where a time lies in a span, as shares of its width from 0 to 1; null when it lies outside. */
export function place(
  { from, to }: { from: number; to: number },
  time: { start: string; end: string },
): { left: number; width: number } | null {
  const start = Math.max(from, Date.parse(time.start));
  const end = Math.min(to, Date.parse(time.end));
  if (start >= end) return null;
  return { left: (start - from) / (to - from), width: (end - start) / (to - from) };
}
