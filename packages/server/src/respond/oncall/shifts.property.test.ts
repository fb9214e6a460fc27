import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpuMs } from '../../../test/support/cpu-time.ts';
import { DAY_MS, instantOf, wallTimeAt } from '../../lib/zoned-time.ts';
import type { Layer, Schedule, Shift } from './schedule.ts';
import { gaps, nextHandOff, onCallAt, shifts } from './shifts.ts';

const HOUR = 3_600_000;
const PEOPLE = ['ada', 'grace', 'linus', 'alan'];
const BEGINNING = Date.UTC(2026, 0, 1);
const END = Date.UTC(2027, 0, 1);

const zone = fc.constantFrom('UTC', 'Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
const instant = fc.integer({ min: BEGINNING, max: END });
const person = fc.constantFrom(...PEOPLE);

const restriction = fc.record({
  days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
  from: fc.integer({ min: 0, max: 47 }).map((half) => (half * HOUR) / 2),
  to: fc.integer({ min: 0, max: 48 }).map((half) => (half * HOUR) / 2),
});

const layer = (restricted: boolean): fc.Arbitrary<Layer> =>
  fc.record({
    people: fc.uniqueArray(person, { minLength: 1 }),
    start: fc.integer({ min: 0, max: 60 * 96 }).map((quarter) => BEGINNING - 90 * DAY_MS + quarter * 900_000),
    every: fc.oneof(
      fc.record({ unit: fc.constant('days' as const), length: fc.integer({ min: 1, max: 21 }) }),
      fc.record({ unit: fc.constant('hours' as const), length: fc.integer({ min: 3, max: 200 }) }),
    ),
    restrict: restricted ? fc.array(restriction, { maxLength: 2 }) : fc.constant([]),
  });

const shift: fc.Arbitrary<Shift> = fc
  .record({ person, start: instant, length: fc.integer({ min: 1, max: 20 * DAY_MS }) })
  .map(({ person: name, start, length }) => ({ person: name, start, end: start + length }));

const schedule = (restricted: boolean): fc.Arbitrary<Schedule> =>
  fc.record({
    id: fc.constant('primary'),
    name: fc.constant('primary'),
    timeZone: zone,
    layers: fc.array(layer(restricted), { minLength: 1, maxLength: 3 }),
    overrides: fc.array(shift, { maxLength: 4 }),
  });

const range = fc
  .tuple(instant, fc.integer({ min: 1, max: 60 * DAY_MS }))
  .map(([from, length]) => ({ from, to: from + length }));

test('a schedule without restrictions has exactly one person at every time', () => {
  fc.assert(
    fc.property(schedule(false), range, (of, { from, to }) => {
      const found = shifts(of, from, to);
      expect(found[0]?.start).toBe(from);
      expect(found.at(-1)?.end).toBe(to);
      for (const [index, one] of found.slice(1).entries()) expect(one.start).toBe(found[index]?.end);
      expect(gaps(of, from, to)).toEqual([]);
    }),
  );
});

test('shifts are in order, never empty, and never overlap; with the gaps they fill the range', () => {
  fc.assert(
    fc.property(schedule(true), range, (of, { from, to }) => {
      const spans = [...shifts(of, from, to), ...gaps(of, from, to)].sort((a, b) => a.start - b.start);
      let at = from;
      for (const { start, end } of spans) {
        expect(start).toBe(at);
        expect(end).toBeGreaterThan(start);
        at = end;
      }
      expect(at).toBe(to);
    }),
  );
});

test('a range shows what its instants show, wherever it is cut', () => {
  fc.assert(
    fc.property(schedule(true), range, fc.double({ min: 0, max: 1, noNaN: true }), (of, { from, to }, share) => {
      const cut = from + Math.floor((to - from) * share);
      const whole = shifts(of, from, to);
      const at = whole.find(({ start, end }) => start <= cut && cut < end)?.person ?? null;
      if (cut < to) expect(onCallAt(of, cut)).toBe(at);
      const parts = [...shifts(of, from, cut), ...shifts(of, cut, to)];
      expect(total(parts)).toBe(total(whole));
    }),
  );
});

function total(found: readonly Shift[]): number {
  return found.reduce((sum, { start, end }) => sum + end - start, 0);
}

test('hand-offs of days come at the stated time of day, or at the first that exists', () => {
  const daily = fc.record({ timeZone: zone, of: layer(false), day: fc.integer({ min: 0, max: 300 }) });
  fc.assert(
    fc.property(daily, ({ timeZone, of, day }) => {
      const one: Schedule = {
        id: 'x',
        name: 'x',
        timeZone,
        overrides: [],
        layers: [{ ...of, people: ['ada', 'grace'], every: { unit: 'days', length: 1 } }],
      };
      const change = nextHandOff(one, BEGINNING + day * DAY_MS);
      const shown = wallTimeAt(change?.at ?? 0, timeZone);
      const stated = Math.floor(shown / DAY_MS) * DAY_MS + (of.start % DAY_MS);
      expect(change?.at).toBe(instantOf(stated, timeZone));
      expect(shown).toBeGreaterThanOrEqual(stated);
    }),
  );
});

test('hand-offs of hours come after that much elapsed time', () => {
  fc.assert(
    fc.property(layer(false), zone, fc.integer({ min: 1, max: 100 }), (of, timeZone, length) => {
      const one = { ...of, people: ['ada', 'grace'], every: { unit: 'hours' as const, length } };
      const base = { id: 'x', name: 'x', timeZone, overrides: [], layers: [one] };
      for (const { start, end } of shifts(base, BEGINNING, BEGINNING + 30 * DAY_MS).slice(1, -1)) {
        expect(end - start).toBe(length * HOUR);
      }
    }),
  );
});

test('an override counts over everything before it', () => {
  fc.assert(
    fc.property(
      schedule(true),
      shift,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (of, over, share) => {
        const at = over.start + Math.floor((over.end - over.start) * share);
        const changed = { ...of, overrides: [...of.overrides, over] };
        expect(onCallAt(changed, at)).toBe(over.person);
        expect(onCallAt(changed, over.end)).toBe(onCallAt(of, over.end));
        expect(onCallAt(changed, over.start - 1)).toBe(onCallAt(of, over.start - 1));
      },
    ),
  );
});

test('ten years are found at once', () => {
  const office = { days: [1, 2, 3, 4, 5], from: 9 * HOUR, to: 17 * HOUR };
  const base = { people: PEOPLE, start: BEGINNING, restrict: [] };
  const of: Schedule = {
    id: 'x',
    name: 'x',
    timeZone: 'Europe/London',
    overrides: [],
    layers: [
      { ...base, every: { unit: 'days', length: 1 } },
      { ...base, every: { unit: 'hours', length: 12 }, restrict: [office] },
    ],
  };
  let found = 0;
  const took = cpuMs(() => {
    found = shifts(of, BEGINNING, Date.UTC(2036, 0, 1)).length;
  });
  expect(took).toBeLessThan(2_000);
  expect(found).toBeGreaterThan(9_000);
});
