import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admit } from './admit.ts';
import { decideSlots } from './decide-slots.ts';

const HOURLY = { schedule: { pattern: '0 * * * *', timeZone: 'UTC' }, catchUp: 'latest' } as const;
const at = (hour: number, minute = 0) => Date.UTC(2026, 0, 5, hour, minute);

test.each([
  ['nothing is due', at(9, 30), at(9, 59), false, []],
  ['on time', at(9, 59), at(10), false, [[at(10), 'run']]],
  ['the end of the interval counts, its beginning does not', at(10), at(10, 30), false, []],
  [
    'the newest of an outage is caught up',
    at(7, 30),
    at(10, 30),
    false,
    [
      [at(8), 'missed'],
      [at(9), 'missed'],
      [at(10), 'catch_up'],
    ],
  ],
  ['a run that goes on takes the place of the slot', at(9, 59), at(10), true, [[at(10), 'overlap']]],
] as const)('%s', (_, decidedTo, now, active, expected) => {
  const { decisions } = decideSlots(HOURLY, { decidedTo, active }, now);
  expect(decisions.map(({ slot, become }) => [slot, become])).toEqual(expected);
});

test('without catching up a late slot is missed', () => {
  const job = { ...HOURLY, catchUp: 'none' } as const;
  expect(decideSlots(job, { decidedTo: at(9, 30), active: false }, at(10, 30)).decisions).toEqual([
    { slot: at(10), become: 'missed' },
  ]);
});

test('a long outage has a few rows and a count', () => {
  const { decisions, uncounted } = decideSlots(HOURLY, { decidedTo: at(0), active: false }, at(0) + 10 * 86_400_000);
  expect([decisions.length, uncounted]).toEqual([20, 220]);
});

test('however time is cut into looks, every slot of a year is decided once, and none runs early', () => {
  const zones = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'UTC'];
  const looks = fc.array(fc.integer({ min: 1, max: 3 * 86_400_000 }), { minLength: 50, maxLength: 120 });
  fc.assert(
    fc.property(looks, fc.constantFrom(...zones), fc.integer({ min: 0, max: 23 }), (steps, timeZone, hour) => {
      const job = { schedule: { pattern: `30 ${hour} * * *`, timeZone }, catchUp: 'latest' } as const;
      let decidedTo = Date.UTC(2026, 0, 1);
      const start = decidedTo;
      const seen: number[] = [];
      for (const step of steps) {
        const now = decidedTo + step;
        for (const { slot } of decideSlots(job, { decidedTo, active: false }, now).decisions) {
          expect(slot > decidedTo && slot <= now).toBe(true);
          seen.push(slot);
        }
        decidedTo = now;
      }
      const whole: number[] = [];
      for (let from = start; from < decidedTo; from += 10 * 86_400_000) {
        const until = Math.min(from + 10 * 86_400_000, decidedTo);
        whole.push(...decideSlots(job, { decidedTo: from, active: false }, until).decisions.map(({ slot }) => slot));
      }
      expect(seen).toEqual(whole);
    }),
    { numRuns: 25, seed: 7 },
  );
});

const GROUPS: Record<string, string | null> = { backup: 'heavy', maintenance: 'heavy', report: null };

test.each([
  [
    'jobs of one group wait in turn',
    ['backup', 'maintenance', 'report'],
    [],
    3,
    ['backup', 'report'],
    { maintenance: 'backup' },
  ],
  ['a running job holds its group', ['maintenance'], ['backup'], 3, [], { maintenance: 'backup' }],
  ['no job runs twice', ['report'], ['report'], 3, [], { report: 'report' }],
  ['an instance takes what it has room for', ['report', 'backup'], [], 1, ['report'], {}],
] as const)('%s', (_, queued, running, room, start, waiting) => {
  const runs = queued.map((job) => ({ id: job, job }));
  const admission = admit(
    runs,
    running.map((job) => ({ job })),
    (job) => GROUPS[job] ?? null,
    room,
  );
  expect(admission.start.map(({ id }) => id)).toEqual(start);
  expect(Object.fromEntries(admission.waiting)).toEqual(waiting);
});
