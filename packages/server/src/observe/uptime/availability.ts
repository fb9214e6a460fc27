import type { DayBar } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { Queryable } from '../../lib/db.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { historyStarts, ownHours } from './history/own-history.ts';

const DAY = 86_400_000;
export const DAYS_SHOWN = 90;

/** Reads the share of good time of all monitors. */
export interface Availability {
  /** Percent of the last 90 days by monitor id; a monitor without data is missing. */
  read(): Promise<ReadonlyMap<string, number>>;
}

interface Stores {
  db: Queryable;
  telemetry: TelemetryStore;
}

/** An answer stands so long; it moves by less than a thousandth of a percent meanwhile. */
const FRESH_MS = 30_000;

/** Reads availability from the hourly rollup, at most once in 30 s however often it is asked. */
export function createAvailability(stores: Stores, clock: Clock): Availability {
  let last: { at: number; answer: Promise<ReadonlyMap<string, number>> } | undefined;
  return {
    read() {
      const now = clock.monotonic();
      if (!last || now - last.at >= FRESH_MS) {
        const answer = readAvailability(stores, clock.now());
        last = { at: now, answer };
        answer.catch(() => {
          last = undefined;
        });
      }
      return last.answer;
    },
  };
}

async function readAvailability({ db, telemetry }: Stores, now: number): Promise<ReadonlyMap<string, number>> {
  const own = ownHours(await historyStarts(db));
  const rows = await telemetry.query<{ monitorId: string; good: number; bad: number }>(
    `SELECT monitorId, sum(goodMs) AS good, sum(badMs) AS bad FROM checks_hourly
     WHERE hour >= {from:DateTime('UTC')} AND ${own.where} GROUP BY monitorId HAVING good + bad > 0`,
    { from: hourText(firstDay(now)), ...own.parameters },
  );
  return new Map(rows.map(({ monitorId, good, bad }) => [monitorId, percent(good, bad)]));
}

interface DayRow {
  day: string;
  good: number;
  bad: number;
  checks: number;
  failed: number;
}

/** The last 90 days of one monitor, oldest first, in UTC; days without checks are there too. */
export async function readBars({ db, telemetry }: Stores, monitorId: string, now: number): Promise<DayBar[]> {
  const own = ownHours(await historyStarts(db));
  const rows = await telemetry.query<DayRow>(
    `SELECT toString(toDate(hour)) AS day, sum(goodMs) AS good, sum(badMs) AS bad, sum(c.checks) AS checks,
            sum(c.failed) AS failed
     FROM checks_hourly AS c WHERE monitorId = {monitorId:String} AND hour >= {from:DateTime('UTC')}
       AND ${own.where} GROUP BY day`,
    { monitorId, from: hourText(firstDay(now)), ...own.parameters },
  );
  const byDay = new Map(rows.map((row) => [row.day, row]));
  return Array.from({ length: DAYS_SHOWN }, (_, index) => {
    const day = new Date(firstDay(now) + index * DAY).toISOString().slice(0, 10);
    const row = byDay.get(day);
    if (!row) return { day, up: null, checks: 0, failed: 0 };
    const { good, bad, checks, failed } = row;
    return { day, up: good + bad > 0 ? percent(good, bad) : null, checks, failed };
  });
}

/** How long one monitor was good and bad on one day, in UTC. */
export interface MonitorDay {
  monitorId: string;
  day: string;
  goodMs: number;
  badMs: number;
}

/** The last 90 days of some monitors, by id; days without checks are missing. @param now ms since the epoch */
export async function readDays(
  { db, telemetry }: Stores,
  monitorIds: readonly string[],
  now: number,
): Promise<MonitorDay[]> {
  if (monitorIds.length === 0) return [];
  const own = ownHours(await historyStarts(db));
  return telemetry.query<MonitorDay>(
    `SELECT monitorId, toString(toDate(hour)) AS day, sum(goodMs) AS goodMs, sum(badMs) AS badMs FROM checks_hourly
     WHERE monitorId IN {ids:Array(String)} AND hour >= {from:DateTime('UTC')} AND ${own.where}
     GROUP BY monitorId, day`,
    { ids: [...monitorIds], from: hourText(firstDay(now)), ...own.parameters },
  );
}

function firstDay(now: number): number {
  return Math.floor(now / DAY) * DAY - (DAYS_SHOWN - 1) * DAY;
}

function hourText(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

/** Cut, not rounded, to three decimals: 100 means that nothing at all was lost. */
export function percent(good: number, bad: number): number {
  return Math.floor((good / (good + bad)) * 100_000) / 1_000;
}
