import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '../../src/care/scheduler/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { readSettings } from '../../src/config/settings.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { Backups } from '../../src/main/backup/backups.ts';
import { builtInJobs } from '../../src/main/jobs.ts';
import { makeReports } from '../../src/main/reports.ts';
import { silentLog } from '../ingest.ts';

/** Zones whose clocks change: by an hour in both halves of the world, by half an hour, back for Ramadan, and never. */
export const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC'];

/** The jobs of the platform with everything in one zone; they do nothing. */
export function jobsIn(timeZone: string): Job[] {
  const text = `
databases: [{name: main, url: "postgres://watch@127.0.0.1:1/shop"}]
maintenance: {time_zone: ${timeZone}}
reports: {time_zone: ${timeZone}}
backups: [{name: nightly, database: main, key: "0123456789abcdef", time_zone: ${timeZone}}]
`;
  const folder = mkdtempSync(join(tmpdir(), 'yumops-schedule-'));
  writeFileSync(join(folder, 'yumops.yml'), text);
  const { config } = loadConfig({ path: undefined, env: {}, cwd: folder });
  rmSync(folder, { recursive: true });
  if (!config) throw new Error('the configuration of the test does not load');
  const clock = new FakeClock();
  const backups = new Backups({ settings: readSettings({}, {}), config, clock, log: silentLog });
  const nothing = {} as never;
  const live = { current: config } as never;
  return builtInJobs({
    ...{ stores: nothing, observe: nothing, databases: nothing, archives: nothing, clock },
    backups: { open: () => backups, watch: nothing },
    live,
    desk: makeReports({ stores: { db: nothing }, live, clock } as never),
    scanning: { scanner: nothing, publicUrl: 'http://127.0.0.1' },
  }).map((job) => ({ ...job, run: async () => ({ summary: 'done' }) }));
}

const HOUR = 3_600_000;
const offsets = new Map<string, Intl.DateTimeFormat>();

/** What the wall shows at an instant, as ms of UTC: by the system's own calendar, minute by minute. */
export function wallAt(instant: number, zone: string): number {
  const format =
    offsets.get(zone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' });
  offsets.set(zone, format);
  return Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
}

const known = new Map<string, number[]>();

/** Where the offset of a zone changes within a span, to the minute. */
export function changesIn(zone: string, from: number, to: number): number[] {
  const key = `${zone} ${from} ${to}`;
  const found = known.get(key) ?? findChanges(zone, from, to);
  known.set(key, found);
  return found;
}

function findChanges(zone: string, from: number, to: number): number[] {
  const found: number[] = [];
  for (let at = from; at < to; at += HOUR) {
    if (wallAt(at + HOUR, zone) - wallAt(at, zone) === HOUR) continue;
    for (let minute = at + 60_000; minute <= at + HOUR; minute += 60_000) {
      if (wallAt(minute, zone) - wallAt(minute - 60_000, zone) !== 60_000) found.push(minute);
    }
  }
  return found;
}

/** Walls of a cron expression with numbers, `*` and lists, on each day of a span of wall time. */
function wallsOf(pattern: string, from: number, to: number): number[] {
  // `1#1` is the first Monday of a month.
  const [, weekdayOnce, nth] = /(\d)#(\d)$/.exec(pattern) ?? [];
  const isNth = (date: Date) => nth === undefined || Math.ceil(date.getUTCDate() / 7) === Number(nth);
  const plain = weekdayOnce === undefined ? pattern : pattern.replace(/#\d$/, '');
  const [minutes, hours, days, months, weekdays] = plain.split(' ').map((field) => {
    if (field === '*') return () => true;
    const values = field.split(',').map(Number);
    return (value: number) => values.includes(value);
  });
  const walls: number[] = [];
  const times = Array.from({ length: 24 * 60 }, (_, minute) => minute).filter(
    (minute) => hours?.(Math.floor(minute / 60)) && minutes?.(minute % 60),
  );
  for (let day = Math.floor(from / (24 * HOUR)) * 24 * HOUR; day < to; day += 24 * HOUR) {
    const date = new Date(day);
    const fits =
      days?.(date.getUTCDate()) && months?.(date.getUTCMonth() + 1) && weekdays?.(date.getUTCDay()) && isNth(date);
    if (fits) walls.push(...times.map((minute) => day + minute * 60_000));
  }
  return walls;
}

/**
 * The instants that a schedule means, by its plain definition: each time on the wall once, at its first coming; one that
 * clocks skip at the first instant after it.
 */
export function meant(pattern: string, zone: string, from: number, to: number): number[] {
  const changes = changesIn(zone, from - 2 * 24 * HOUR, to + 2 * 24 * HOUR);
  const offsetsAround = [...new Set([from, ...changes, to].map((at) => wallAt(at, zone) - at))];
  const instants = wallsOf(pattern, from - 24 * HOUR, to + 24 * HOUR).map((wall) => {
    const comings = offsetsAround.map((offset) => wall - offset).filter((at) => wallAt(at, zone) === wall);
    if (comings.length > 0) return Math.min(...comings);
    const skipping = changes.find((at) => wallAt(at - 60_000, zone) < wall && wallAt(at, zone) > wall);
    if (skipping === undefined) throw new Error(`${new Date(wall).toISOString()} is no time in ${zone}`);
    return skipping;
  });
  return [...new Set(instants)].filter((at) => at > from && at <= to).sort((a, b) => a - b);
}
