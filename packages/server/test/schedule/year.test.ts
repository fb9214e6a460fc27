import { expect, test } from 'vitest';
import { decideSlots } from '../../src/care/scheduler/decide-slots.ts';
import { compileWindow } from '../../src/respond/windows/config.ts';
import { openAt, openings } from '../../src/respond/windows/window.ts';
import { seededRandom } from '../crash/seeded-random.mjs';
import { changesIn, jobsIn, meant, wallAt, ZONES } from './rig.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
const END = Date.UTC(2027, 0, 1);

test.each(ZONES)('a year of every job in %s: each slot at its time, none twice, none left out', (zone) => {
  const jobs = jobsIn(zone).filter(({ schedule }) => schedule !== null);
  expect(jobs.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['telemetry-retention', 'maintenance', 'backup-nightly', 'backup-nightly-drill']),
  );
  for (const { name, schedule, catchUp } of jobs) {
    const random = seededRandom(name.length);
    const decided: number[] = [];
    for (let from = START; from < END; ) {
      // Looks come at any time, a few hours apart; every slot between two belongs to one of them.
      const now = Math.min(END, from + 1 + Math.floor(random() * 12 * HOUR));
      const { decisions, uncounted } = decideSlots({ schedule, catchUp }, { decidedTo: from, active: false }, now);
      expect(uncounted).toBe(0);
      decided.push(...decisions.map(({ slot }) => slot));
      from = now;
    }
    const { pattern, timeZone } = schedule as { pattern: string; timeZone: string };
    const iso = (slots: number[]) => slots.map((at) => new Date(at).toISOString());
    expect({ name, slots: iso(decided) }).toEqual({ name, slots: iso(meant(pattern, timeZone, START, END)) });
  }
});

test('the zones do what they are there for', () => {
  const shifts = (zone: string) =>
    changesIn(zone, START, END).map((at) => (wallAt(at, zone) - wallAt(at - 60_000, zone)) / 60_000 - 1);
  expect(Object.fromEntries(ZONES.map((zone) => [zone, shifts(zone)]))).toEqual({
    'Europe/Berlin': [60, -60],
    'America/New_York': [60, -60],
    'Australia/Lord_Howe': [-30, 30],
    'Africa/Casablanca': [-60, 60],
    UTC: [],
  });
});

test.each(ZONES)('down for a day in %s: the newest slot is caught up or missed, the others are missed', (zone) => {
  for (const change of [...changesIn(zone, START, END), START + 100 * DAY]) {
    const [from, back] = [change - 12 * HOUR, change + 12 * HOUR];
    for (const { schedule, catchUp } of jobsIn(zone)) {
      if (schedule === null) continue;
      const { decisions, uncounted } = decideSlots({ schedule, catchUp }, { decidedTo: from, active: false }, back);
      const slots = meant(schedule.pattern, schedule.timeZone, from, back);
      expect(decisions.length + uncounted).toBe(slots.length);
      const last = decisions.pop();
      expect(decisions.every(({ become }) => become === 'missed')).toBe(true);
      if (!last) continue;
      const late = back - last.slot > 60_000;
      expect(last).toEqual({
        slot: slots.at(-1),
        become: late ? (catchUp === 'latest' ? 'catch_up' : 'missed') : 'run',
      });
    }
  }
});

test.each(ZONES)('a year of maintenance windows in %s: open at the times on the wall, shut at all others', (zone) => {
  const report = (finding: unknown) => {
    throw new Error(JSON.stringify(finding));
  };
  const windowOf = (raw: object) => {
    const named = { monitors: [], slos: [] };
    const window = compileWindow({ name: 'w', time_zone: zone, ...raw }, 'maintenance', named, report);
    if (!window) throw new Error('no window');
    return window;
  };
  const nightly = windowOf({ from: '01:30', to: '03:30' });
  const sundays = windowOf({ schedule: '0 2 * * 0', for: '2h' });
  const starts = meant('0 2 * * 0', zone, START, END);
  expect(openings(sundays, START, END).map(({ start }) => start)).toEqual(starts);
  for (const start of starts) {
    expect(
      [start - 1, start, start + 2 * HOUR - 1, start + 2 * HOUR].map((at) => openAt(sundays, at) !== null),
    ).toEqual([...[false, true, true, false]]);
  }
  // Every ten minutes around each change, and in a plain week. An hour that comes twice does not shut it in between.
  const [begins, ends] = ['30 1 * * *', '30 3 * * *'].map((pattern) => meant(pattern, zone, START, END));
  const days = [...changesIn(zone, START, END), START + 200 * DAY];
  for (const day of days) {
    for (let at = day - 2 * DAY; at < day + 2 * DAY; at += 10 * 60_000) {
      const begun = begins?.findLast((begin) => begin <= at);
      const inside = begun !== undefined && (ends?.find((end) => end > begun) ?? at) > at;
      const shown = { at: new Date(at).toISOString(), open: openAt(nightly, at) !== null };
      expect(shown).toEqual({ at: shown.at, open: inside });
    }
  }
});
