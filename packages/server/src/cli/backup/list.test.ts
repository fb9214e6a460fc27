import { expect, test } from 'vitest';
import { tierCell } from './list.ts';

const plain = { tier: 'physical', schemas: null, oneOff: false, synthetic: null, parent: null } as const;
const synthetic = { from: 'nightly-2', increments: 2, begun: '2026-01-05T03:00:00Z' };

test.each([
  [plain, 'physical'],
  [{ ...plain, parent: 'nightly-1' }, 'physical, increment'],
  [{ ...plain, synthetic }, 'physical, synthetic full'],
  [{ ...plain, tier: 'logical' as const, oneOff: true, schemas: ['a', 'b'] }, 'logical, once, only a b'],
])('%o', (entry, cell) => {
  expect(tierCell(entry)).toBe(cell);
});
