import type { TraceSpan } from '@yumops/protocol';

/** A span at its place: how deep it lies, and how many lie below it. */
export interface PlacedSpan {
  span: TraceSpan;
  depth: number;
  children: number;
}

/**
 * Spans in the order of a waterfall: each below its parent, by start. A span whose parent is not there stands at the top,
 * and a circle of parents is cut where it is met.
 */
export function placeSpans(spans: readonly TraceSpan[]): PlacedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = new Map<string, TraceSpan[]>();
  const roots: TraceSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.offsetMs - b.offsetMs || b.durationMs - a.durationMs)) {
    const parent = span.parentSpanId;
    if (parent === null || !ids.has(parent) || parent === span.spanId) roots.push(span);
    else below.set(parent, [...(below.get(parent) ?? []), span]);
  }
  const placed: PlacedSpan[] = [];
  const seen = new Set<string>();
  const place = (span: TraceSpan, depth: number) => {
    if (seen.has(span.spanId)) return;
    seen.add(span.spanId);
    const children = below.get(span.spanId) ?? [];
    placed.push({ span, depth, children: children.length });
    for (const child of children) place(child, depth + 1);
  };
  for (const root of roots) place(root, 0);
  for (const span of spans) place(span, 0);
  return placed;
}
