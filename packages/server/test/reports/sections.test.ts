import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLoads } from '../../src/care/database/index.ts';
import {
  alertSection,
  databaseSection,
  logSection,
  rollingPeriod,
  vitalSection,
} from '../../src/care/reports/index.ts';
import type { Db } from '../../src/lib/db.ts';
import { alertStatistics } from '../../src/respond/alerting/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { fortnightStart } from './seeded-history.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 168 * HOUR;
/** The week of the report begins here; the one before a week earlier. */
const FROM = fortnightStart(0) + WEEK;
const PERIOD = rollingPeriod('weekly', FROM + WEEK, 'UTC');
const WHO = { project: '1', service: 'shop', environment: 'production', release: '1.0.0' };

let state: StateServer;
let telemetry: TelemetryServer;
let db: Db;

beforeAll(async () => {
  [state, telemetry] = await Promise.all([startStateServer(), startTelemetryServer()]);
  ({ db } = await state.database());
}, 90_000);

afterAll(() => Promise.all([state.stop(), telemetry.stop()]));

/** Values from 0.5 to 1.5 times a level, evenly, an hour apart by and by. */
const spread = (count: number, level: number) => Array.from({ length: count }, (_, n) => level * (0.5 + n / count));

test('web vitals: a route whose p75 moved beyond chance is named, one that did not is not', async () => {
  const rows = (route: string, from: number, values: readonly number[]) =>
    values.map((value, n) => ({
      ...{ ...WHO, timestamp: from + n * 10 * MINUTE, updatedAt: from + n * 10 * MINUTE, id: `${route}${from}${n}` },
      ...{ name: 'LCP', value, rating: 'good', route, url: route, device: 'desktop', sessionId: 's' },
    }));
  await telemetry.insert('web_vital_rows', [
    ...rows('/menu', FROM - WEEK, spread(300, 2_000)),
    ...rows('/menu', FROM, spread(300, 3_000)),
    ...rows('/', FROM - WEEK, spread(300, 1_000)),
    ...rows('/', FROM, spread(300, 1_020)),
    ...rows('/rare', FROM - WEEK, spread(60, 1_000)),
    ...rows('/rare', FROM, spread(60, 5_000)),
  ]);
  const { figures, changes, observations } = await vitalSection({ telemetry: telemetry.telemetry }).read(PERIOD);
  expect(figures).toMatchObject([{ label: 'LCP p75', unit: 'ms', note: '660 page views' }]);
  expect(changes?.map(({ text }) => text)).toEqual([expect.stringContaining('LCP of /menu is worse')]);
  expect(observations).toMatchObject([{ code: 'vital_worse', subject: 'LCP /menu' }]);
  expect(changes?.[0]?.href).toContain('route=%2Fmenu');
});

test('statements: one that takes longer a call is named with the numbers', async () => {
  const rows = (queryId: string, from: number, meanMs: number) =>
    Array.from({ length: 10 }, (_, n) => ({
      ...{ ...WHO, timestamp: from + n * HOUR, id: `${queryId}${from}${n}`, database: 'main', queryId },
      ...{ query: `SELECT ${queryId}`, calls: 50, rows: 50, totalMs: 50 * meanMs },
    }));
  await telemetry.insert('database_sample_rows', [
    ...rows('11', FROM - WEEK, 20),
    ...rows('11', FROM, 60),
    ...rows('12', FROM - WEEK, 20),
    ...rows('12', FROM, 22),
  ]);
  const section = databaseSection({
    databases: () => [{ name: 'main', findings: null }],
    loads: (database, { from, to }, limit) => readLoads(telemetry.telemetry, database, { from, to }, limit),
  });
  const { figures, changes, observations } = await section.read(PERIOD);
  expect(figures).toMatchObject([{ label: 'Findings of main', value: null }]);
  expect(changes?.map(({ text }) => text)).toEqual([
    'A statement of main takes 3 times as much (mean 60 ms against 20 ms): SELECT 11',
  ]);
  expect(observations).toMatchObject([{ code: 'slower_statement', subject: 'main 11' }]);
});

test('the log: an event that comes more often is named, one that comes as often is not', async () => {
  const rows = (event: string, from: number, perHour: number) =>
    Array.from({ length: 168 }, (_, hour) =>
      Array.from({ length: perHour }, (_unused, n) => ({
        ...{ ...WHO, timestamp: from + hour * HOUR + n * MINUTE, id: `${event}${from}${hour}-${n}`, level: 'info' },
        ...{ message: event, type: 'business', event },
      })),
    ).flat();
  await telemetry.insert('logs', [
    ...rows('order_placed', FROM - WEEK, 6),
    ...rows('order_placed', FROM, 14),
    ...rows('table_booked', FROM - WEEK, 7),
    ...rows('table_booked', FROM, 7),
  ]);
  const { figures, changes } = await logSection({ telemetry: telemetry.telemetry }).read(PERIOD);
  expect(figures?.find(({ label }) => label === 'Business events')).toMatchObject({
    value: 21 * 168,
    before: 13 * 168,
  });
  expect(changes).toMatchObject([
    { direction: 'other', text: expect.stringContaining('order_placed comes more often') },
  ]);
});

test('alerts: how many, how soon they were taken, which rule says too much; nothing is told of before there was anything', async () => {
  const add = (id: string, rule: string, severity: string, firedAt: number, ackAfter: number | null, over = true) =>
    db.query(
      `WITH g AS (INSERT INTO alert_groups (key) VALUES ($1) ON CONFLICT DO NOTHING)
       INSERT INTO alerts (id, fingerprint, episode, round, origin, rule_id, group_key, state, subject, plan, started_at, fired_at,
         resolved_at, last_step, repeats, ack_by, ack_at)
       VALUES ($1, $1, 1, 1, 'rule', $2, $1, $3, $4, '{}', $5, $5, $6, 0, 0, $7, $8)`,
      [
        ...[id, rule, over ? 'resolved' : 'firing', { rule, severity, labels: {} }, new Date(firedAt)],
        over ? new Date(firedAt + 10 * MINUTE) : null,
        ackAfter === null ? null : 'ann',
        ackAfter === null ? null : new Date(firedAt + ackAfter),
      ],
    );
  for (let n = 0; n < 30; n++) await add(`noise-${n}`, 'Noise', 'warning', FROM + n * HOUR, null);
  for (let n = 0; n < 3; n++) await add(`slow-${n}`, 'Slow', 'critical', FROM + n * HOUR, (n + 1) * MINUTE);
  await add('old', 'Noise', 'warning', FROM - HOUR, null);
  await add('open', 'Down', 'critical', FROM + 2 * HOUR, null, false);
  const section = (knownSince: number) =>
    alertSection({ statistics: ({ from, to }) => alertStatistics(db, from, to), knownSince: async () => knownSince });
  const { figures, changes, observations } = await section(0).read(PERIOD);
  const told = (label: string) => figures?.find((one) => one.label === label);
  expect(told('Alerts')).toMatchObject({ value: 34, before: 1 });
  expect(told('Critical')).toMatchObject({ value: 4, before: 0 });
  expect(told('Acknowledged after (median)')).toMatchObject({ value: 120, before: null, note: 'of 3 alerts' });
  expect(changes?.map(({ text }) => text)).toEqual(['"Noise" fired more often']);
  expect(observations?.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
    'alert_unacknowledged Down',
    'noisy_rule Noise',
  ]);
  const young = await section(FROM + HOUR).read(PERIOD);
  expect(young.figures?.[0]).toMatchObject({ value: 34, before: null });
  expect(young.changes).toEqual([]);
  expect(await section(PERIOD.to).read(PERIOD)).toMatchObject({ unknown: expect.stringContaining('Nothing watched') });
});
