import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstDue, gridOf, nextDue, nextSlot, phaseOf } from './grid.ts';

const ids = Array.from({ length: 2_000 }, (_, index) => `monitor-${index}`);

test('phases are spread: no twentieth of the interval has more than 1.5 times its share', () => {
  const buckets = new Array<number>(20).fill(0);
  for (const id of ids) buckets[Math.floor(phaseOf(id) * 20)]! += 1;
  expect(Math.max(...buckets)).toBeLessThan(150);
  expect(Math.min(...buckets)).toBeGreaterThan(50);
});

test('few monitors are all checked within two seconds of the start, many within their interval', () => {
  for (const id of ids.slice(0, 50)) expect(firstDue(id, 300_000, 0, 50)).toBeLessThan(2_000);
  for (const id of ids) expect(firstDue(id, 20_000, 0, 2_000)).toBeLessThan(20_000);
  for (const id of ids) expect(firstDue(id, 300_000, 0, 2_000)).toBeLessThan(20_000);
});

test('the first check is not later than the first slot, so the first gap is at most an interval', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 100, max: 400_000 }),
      fc.integer({ min: 1, max: 20_000 }),
      (id, interval, count) => {
        const first = firstDue(id, interval, 1_000, count);
        const grid = gridOf(id, interval, 1_000);
        expect(first).toBeLessThanOrEqual(grid.anchorMs);
        expect(nextSlot(grid, first) - first).toBeLessThanOrEqual(interval + 1e-6);
      },
    ),
  );
});

test('slots lie on the grid, after now and within one interval of it', () => {
  const time = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(time, fc.integer({ min: 100, max: 400_000 }), time, (anchorMs, intervalMs, since) => {
      const now = anchorMs + since;
      const slot = nextSlot({ anchorMs, intervalMs }, now);
      expect(slot).toBeGreaterThan(now - 1e-3);
      expect(slot - now).toBeLessThanOrEqual(intervalMs + 1e-3);
      const steps = (slot - anchorMs) / intervalMs;
      expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-3);
    }),
  );
});

test('a re-check comes early, never late', () => {
  const grid = { anchorMs: 0, intervalMs: 60_000 };
  expect(nextDue(grid, 1_000, null)).toBe(60_000);
  expect(nextDue(grid, 1_000, 10_000)).toBe(11_000);
  expect(nextDue(grid, 55_000, 10_000)).toBe(60_000);
});
