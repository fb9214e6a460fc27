import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gridOf, missedBetween, slotAt } from './grid.ts';

test('slots lie on the grid, at or before now, and less than an interval ago', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 3_600 }),
      fc.integer({ min: 0, max: 4e12 }),
      (id, seconds, now) => {
        const grid = gridOf(id, seconds * 1_000);
        const slot = slotAt(grid, now);
        expect(slot).toBeLessThanOrEqual(now);
        expect(now - slot).toBeLessThan(grid.interval);
        expect(Math.abs((slot - grid.phase) % grid.interval)).toBe(0);
        expect(grid.phase).toBeLessThan(grid.interval);
        expect(slotAt(grid, slot + grid.interval)).toBe(slot + grid.interval);
      },
    ),
  );
});

test('rules with one interval are spread over it', () => {
  const phases = new Set(Array.from({ length: 200 }, (_, index) => gridOf(`rule ${index}`, 60_000).phase));
  expect(phases.size).toBeGreaterThan(40);
});

test.each([
  [null, 60_000, 0],
  [45_000, 60_000, 0],
  [0, 60_000, 3],
])('after the slot %s the slot %i has missed %i', (last, slot, missed) => {
  expect(missedBetween({ interval: 15_000, phase: 0 }, last, slot)).toBe(missed);
});
