import type { Shift } from './schedule.ts';

/** A half-open span `[start, end)` in milliseconds since the epoch. */
export interface Span {
  start: number;
  end: number;
}

/** The parts of `pieces` inside one of `spans`. Both are in order and without overlap. */
export function intersect<Piece extends Span>(pieces: readonly Piece[], spans: readonly Span[]): Piece[] {
  const parts: Piece[] = [];
  let first = 0;
  for (const piece of pieces) {
    while (first < spans.length && (spans[first] as Span).end <= piece.start) first++;
    for (let i = first; i < spans.length && (spans[i] as Span).start < piece.end; i++) {
      const span = spans[i] as Span;
      parts.push({ ...piece, start: Math.max(piece.start, span.start), end: Math.min(piece.end, span.end) });
    }
  }
  return parts;
}

/** The parts of `[from, to)` that none of `spans`, which are in order, covers. */
export function uncovered(spans: readonly Span[], from: number, to: number): Span[] {
  const holes: Span[] = [];
  let at = from;
  for (const { start, end } of spans) {
    if (start > at) holes.push({ start: at, end: Math.min(start, to) });
    at = Math.max(at, end);
    if (at >= to) return holes;
  }
  return at < to ? [...holes, { start: at, end: to }] : holes;
}

/** Spans in order, those that touch or overlap made one. */
export function unite(spans: readonly Span[]): Span[] {
  const united: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = united.at(-1);
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else if (span.end > span.start) united.push({ ...span });
  }
  return united;
}

/** Lays shifts over others: where both have somebody on call, `upper` counts. Each is in order and without overlap. */
export function overlay(lower: readonly Shift[], upper: readonly Shift[]): Shift[] {
  const [from, to] = [lower[0]?.start, lower.at(-1)?.end];
  if (from === undefined || to === undefined || upper.length === 0) return [...lower, ...upper];
  const rest = intersect(lower, uncovered(upper, from, to));
  return [...rest, ...upper].sort((a, b) => a.start - b.start);
}

/** Shifts of one person that follow one another without a break, made one. */
export function joinTouching(shifts: readonly Shift[]): Shift[] {
  const joined: Shift[] = [];
  for (const shift of shifts) {
    const last = joined.at(-1);
    if (last && last.person === shift.person && last.end === shift.start) last.end = shift.end;
    else joined.push({ ...shift });
  }
  return joined;
}
