import { formatInstant, formatShort } from './format.ts';
import { parseLength, parseMoment } from './parse.ts';
import type { Zone } from './zone.ts';

/** The stretch of time that a page shows: the last so long, or between two instants (milliseconds). */
export type Range = { kind: 'last'; text: string; length: number } | { kind: 'between'; from: number; to: number };

/** Two instants in milliseconds. */
export interface Span {
  from: number;
  to: number;
}

/** How a range stands in the address of a page. */
export interface RangeSearch {
  range?: string;
  from?: string;
  to?: string;
}

export const PRESETS: readonly { text: string; label: string }[] = [
  { text: '5m', label: 'Last 5 minutes' },
  { text: '15m', label: 'Last 15 minutes' },
  { text: '30m', label: 'Last 30 minutes' },
  { text: '1h', label: 'Last hour' },
  { text: '3h', label: 'Last 3 hours' },
  { text: '6h', label: 'Last 6 hours' },
  { text: '12h', label: 'Last 12 hours' },
  { text: '1d', label: 'Last day' },
  { text: '2d', label: 'Last 2 days' },
  { text: '7d', label: 'Last 7 days' },
  { text: '14d', label: 'Last 14 days' },
  { text: '30d', label: 'Last 30 days' },
];

export const DEFAULT_RANGE = { kind: 'last', text: '1h', length: 3_600_000 } satisfies Range;

/** Reads the range of an address; what makes no sense is the last hour. */
export function rangeFromSearch(search: RangeSearch): Range {
  if (search.from !== undefined && search.to !== undefined) {
    const from = Date.parse(search.from);
    const to = Date.parse(search.to);
    if (from < to) return { kind: 'between', from, to };
  }
  const length = search.range === undefined ? null : parseLength(search.range);
  if (length === null || search.range === undefined) return DEFAULT_RANGE;
  return { kind: 'last', text: search.range, length };
}

/** The parts of an address that stand for a range; the default needs none. */
export function searchFromRange(range: Range): Required<{ [Key in keyof RangeSearch]: string | undefined }> {
  if (range.kind === 'between') {
    return { range: undefined, from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() };
  }
  return { range: range.text === DEFAULT_RANGE.text ? undefined : range.text, from: undefined, to: undefined };
}

export function resolveRange(range: Range, now: number): Span {
  if (range.kind === 'between') return { from: range.from, to: range.to };
  return { from: now - range.length, to: now };
}

/** What the button of the time range says. */
export function rangeLabel(range: Range, now: number, zone: Zone): string {
  if (range.kind === 'between') return `${formatShort(range.from, now, zone)} – ${formatShort(range.to, now, zone)}`;
  return PRESETS.find((preset) => preset.text === range.text)?.label ?? `Last ${range.text}`;
}

/** The range as text that can be typed again. */
export function rangeText(range: Range, zone: Zone): string {
  if (range.kind === 'last') return range.text;
  return `${formatInstant(range.from, zone)} to ${formatInstant(range.to, zone)}`;
}

/**
 * Understands `15m`, `last 2 hours`, `today`, `yesterday`, `09:00 to 10:30`, `2026-11-23 09:00 to 2026-11-23 10:00`
 * and ISO 8601 (`from/to`).
 * @returns null when the text is none of these
 */
export function parseRange(text: string, now: number, zone: Zone): Range | null {
  const clean = text.trim().toLowerCase();
  const length = parseLength(clean.replace(/^last\s+/, ''));
  if (length !== null) return { kind: 'last', text: clean.replace(/^last\s+/, '').replaceAll(' ', ''), length };
  const today = parseMoment('00:00', now, zone);
  if (today !== null && clean === 'today') return { kind: 'between', from: today, to: now };
  if (today !== null && clean === 'yesterday') return { kind: 'between', from: today - 86_400_000, to: today };
  const [first, second, ...more] = clean.split(/\s+(?:to|-|–)\s+|\//);
  if (first === undefined || second === undefined || more.length > 0) return null;
  const from = parseMoment(first, now, zone);
  const to = second === 'now' ? now : parseMoment(second, now, zone);
  if (from === null || to === null || from >= to) return null;
  return { kind: 'between', from, to };
}

/** Twice as long around the same middle, never beyond now. */
export function zoomOut(span: Span, now: number): Range {
  const quarter = (span.to - span.from) / 2;
  const to = Math.min(now, span.to + quarter);
  return { kind: 'between', from: Math.round(span.from - quarter), to: Math.round(to) };
}
