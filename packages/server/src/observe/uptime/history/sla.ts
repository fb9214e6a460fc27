import type { MonitorSla, SlaFigure } from '@yumops/protocol';
import type { Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { Reach } from '../../../lib/reach.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { percent } from '../availability.ts';
import { outagesOf, type StoredEvent } from '../outages.ts';
import { historyStarts, OWN_EVENTS, ownHours } from './own-history.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const ROLLING = [7, 30, 90];
const MONTHS = 12;

/** A stretch of time with a name; milliseconds since the epoch. */
export interface Period {
  period: string;
  from: number;
  to: number;
}

/** Availability of one monitor: the last 7, 30 and 90 days, and each of the last 12 months, newest first. */
export async function readSla(
  stores: { db: Queryable; telemetry: TelemetryStore },
  monitorId: string,
  now: number,
): Promise<SlaFigure[]> {
  const periods = periodsAt(now);
  const from = Math.min(...periods.map((period) => period.from));
  const [hours, events] = await Promise.all([
    readHours(stores, from, now, monitorId),
    readEvents(stores.db, from, monitorId),
  ]);
  return periods.map((period) => figure(period, hours, events, now));
}

/**
 * Availability of every monitor in a month, in the order of the configuration.
 * @param month such as `2026-11`
 * @param reach whose projects
 * @throws {YumOpsError} `invalid_month`
 */
export async function readMonthlySla(
  stores: { db: Queryable; telemetry: TelemetryStore },
  month: string,
  now: number,
  reach: Reach,
): Promise<MonitorSla[]> {
  return readSlaBetween(stores, monthPeriod(month, now), now, reach);
}

/** Availability of every monitor in a stretch of time, to the hour, in the order of the configuration. */
export async function readSlaBetween(
  stores: { db: Queryable; telemetry: TelemetryStore },
  period: Period,
  now: number,
  reach: Reach = null,
): Promise<MonitorSla[]> {
  const [monitors, hours, events] = await Promise.all([
    stores.db.query<{ id: string; name: string }>(
      'SELECT id, name FROM monitors WHERE $1::text[] IS NULL OR project = ANY ($1) ORDER BY position',
      [reach],
    ),
    readHours(stores, period.from, period.to),
    readEvents(stores.db, period.from),
  ]);
  const [hoursOf, eventsOf] = [groupBy(hours), groupBy(events)];
  return monitors.map(({ id, name }) => ({
    monitor: id,
    name,
    ...figure(period, hoursOf.get(id) ?? [], eventsOf.get(id) ?? [], now),
  }));
}

/** The periods that are reported, as of an instant. Months are those of UTC. */
export function periodsAt(now: number): Period[] {
  const rolling = ROLLING.map((days) => ({ period: `${days}d`, from: hourOf(now - days * DAY), to: now }));
  const today = new Date(now);
  const months = Array.from({ length: MONTHS }, (_, back) => {
    const start = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - back, 1));
    return monthPeriod(start.toISOString().slice(0, 7), now);
  });
  return [...rolling, ...months];
}

function monthPeriod(month: string, now: number): Period {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined) {
    throw new YumOpsError('invalid_month', `"${month}" is not a month.`, {
      hint: 'Write for example 2026-11.',
      status: 400,
    });
  }
  const from = Date.UTC(Number(year), Number(number) - 1, 1);
  return { period: month, from, to: Math.min(Math.max(now, from), Date.UTC(Number(year), Number(number), 1)) };
}

interface HourRow {
  monitorId: string;
  /** Seconds since the epoch. */
  hour: number;
  good: number;
  bad: number;
  planned: number;
}

interface EventRow extends StoredEvent {
  monitorId: string;
}

async function readHours(
  { db, telemetry }: { db: Queryable; telemetry: TelemetryStore },
  from: number,
  to: number,
  monitorId?: string,
): Promise<HourRow[]> {
  const own = ownHours(await historyStarts(db));
  return telemetry.query<HourRow>(
    `SELECT monitorId, toUnixTimestamp(hour) AS hour, sum(goodMs) AS good, sum(badMs) AS bad, sum(plannedMs) AS planned
     FROM checks_hourly WHERE hour >= fromUnixTimestamp({from:Int64}) AND hour < fromUnixTimestamp({to:Int64})
     AND ${own.where} ${monitorId === undefined ? '' : 'AND monitorId = {monitorId:String}'} GROUP BY monitorId, hour`,
    { from: Math.floor(from / 1_000), to: Math.ceil(to / 1_000), monitorId: monitorId ?? '', ...own.parameters },
  );
}

/** Changes of state, newest first; an outage that began before the time is not among them, nor is it counted. */
function readEvents(db: Queryable, from: number, monitorId?: string): Promise<EventRow[]> {
  const own = monitorId === undefined ? '' : 'AND monitor_id = $2';
  return db.query<EventRow>(
    `SELECT monitor_id AS "monitorId", at, to_state, reason FROM monitor_events e WHERE at >= $1 AND ${OWN_EVENTS} ${own}
     ORDER BY at DESC, id DESC`,
    monitorId === undefined ? [new Date(from)] : [new Date(from), monitorId],
  );
}

function figure(period: Period, hours: readonly HourRow[], events: readonly StoredEvent[], now: number): SlaFigure {
  const within = hours.filter(({ hour }) => hour * 1_000 >= period.from && hour * 1_000 < period.to);
  const sum = (key: 'good' | 'bad' | 'planned') => within.reduce((total, row) => total + Number(row[key]), 0);
  const [good, bad] = [sum('good'), sum('bad')];
  const lengths = outagesOf(events)
    .filter(({ startedAt }) => Date.parse(startedAt) >= period.from && Date.parse(startedAt) < period.to)
    .map(({ startedAt, endedAt }) => (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt));
  return {
    period: period.period,
    from: new Date(period.from).toISOString(),
    to: new Date(period.to).toISOString(),
    uptime: good + bad > 0 ? percent(good, bad) : null,
    up: Math.round(good / 1_000),
    down: Math.round(bad / 1_000),
    planned: Math.round(sum('planned') / 1_000),
    outages: lengths.length,
    longest: Math.round(Math.max(0, ...lengths) / 1_000),
  };
}

function groupBy<Row extends { monitorId: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.monitorId);
    if (group) group.push(row);
    else groups.set(row.monitorId, [row]);
  }
  return groups;
}

function hourOf(time: number): number {
  return Math.floor(time / HOUR) * HOUR;
}
