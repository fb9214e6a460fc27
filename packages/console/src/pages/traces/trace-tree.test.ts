import type { TraceSpan } from '@yumops/protocol';
import { expect, test } from 'vitest';
import { placeSpans } from './trace-tree.ts';

const span = (spanId: string, parentSpanId: string | null, offsetMs: number): TraceSpan => ({
  ...{ spanId, parentSpanId, offsetMs, durationMs: 1, name: spanId, kind: null, op: null, service: '' },
  ...{ startedAt: '', status: null, attributes: {}, events: [] },
});

test.each([
  [
    'children below their parent, by start',
    [span('a', null, 0), span('c', 'a', 5), span('b', 'a', 2), span('d', 'b', 3)],
    'a0 b1 d2 c1',
  ],
  ['a span whose parent is missing at the top', [span('x', 'gone', 4), span('a', null, 0)], 'a0 x0'],
  ['a circle is cut', [span('a', 'b', 0), span('b', 'a', 1)], 'a0 b1'],
  ['a span that is its own parent', [span('a', 'a', 0)], 'a0'],
])('%s', (_, spans, order) => {
  expect(
    placeSpans(spans)
      .map(({ span: { name }, depth }) => name + depth)
      .join(' '),
  ).toBe(order);
});
