import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { daysToFill, fillDerived, readEndpoints, readFunnel } from '../../observe/analyses/index.ts';
import { schemaFolder } from '../migrations/migration-files.ts';
import { type ConnectedTelemetry, connectTelemetry } from './connect.ts';
import { migrateTelemetry } from './migrate.ts';

const DAY = 86_400_000;
const START = Math.floor(Date.now() / DAY) * DAY - 2 * DAY;
const day = new Date(START).toISOString().slice(0, 10);
const range = { from: START, to: START + DAY };
/** The last schema without tables of their own for routes and business events. */
const BEFORE = 82;
/** The last one whose table for routes had large granules: its rows are taken over. */
const LARGE_GRANULES = 85;

let server: TestTelemetry;
let old: ConnectedTelemetry;
let folder: string;

beforeAll(async () => {
  server = await startTestTelemetry();
  await server.telemetry.command('CREATE DATABASE before_upgrade ENGINE = Atomic');
  const url = new URL(server.url);
  url.pathname = 'before_upgrade';
  old = connectTelemetry(url.href);
  folder = await mkdtemp(join(tmpdir(), 'yumops-upgrade-'));
});

/** Brings the old store to the schema of a number. */
async function migrateTo(last: number): Promise<void> {
  for (const file of await readdir(schemaFolder('telemetry'))) {
    if (Number(file.slice(0, 6)) <= last) await copyFile(join(schemaFolder('telemetry'), file), join(folder, file));
  }
  await migrateTelemetry(old, { folder });
}

afterAll(async () => {
  await old?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A line every twenty seconds of the day, with the token of a batch. */
function store(to: ConnectedTelemetry, from: number, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const business = n % 3 === 2;
    return JSON.stringify({
      timestamp: START + n * 20_000,
      id: `b-${n}`,
      project: '1',
      level: 'info',
      message: 'm',
      type: business ? 'business' : 'performance',
      ...(business ? { event: n % 2 ? 'order' : 'sign_up', userId: `u${Math.floor(n / 30)}` } : {}),
      ...(business ? {} : { endpoint: `/route-${n % 4}`, duration: 1 + ((n * 37) % 400) }),
      retentionClass: 'logs',
    });
  });
  return to.insert('logs', Buffer.from(lines.join('\n')), { token: `batch-${from}`, rowCount: count });
}

const analyses = async (from: ConnectedTelemetry) => [
  await readEndpoints(from, range),
  await readFunnel(from, { ...range, events: ['sign_up', 'order'], withinMs: DAY }),
];

it('lines of before an upgrade are counted as those that came after it, and a repeated batch is not', async () => {
  await migrateTo(BEFORE);
  await store(old, 0, 1_500);
  await migrateTo(LARGE_GRANULES);
  await store(old, 1_500, 500);
  await migrateTelemetry(old);
  for (const at of [2_000, 2_000]) await store(old, at, 1_000);
  const due = await daysToFill(old);
  expect(due).toEqual([
    { target: 'endpoint_rollup', day },
    { target: 'business_event_rows', day },
  ]);
  for (const one of due) await fillDerived(old, one);
  expect(await daysToFill(old)).toEqual([]);

  for (const at of [0, 1_500, 1_500]) await store(server.telemetry as ConnectedTelemetry, at, 1_500);
  const fresh = await analyses(server.telemetry as ConnectedTelemetry);
  expect(fresh).toMatchObject([
    { stepMs: 900_000, items: [{ count: 500 }, { count: 500 }, { count: 500 }, { count: 500 }] },
    { items: [{ events: 500 }, { events: 500 }] },
  ]);
  expect(await analyses(old)).toEqual(fresh);
});

it('durations of routes are within 2 % at every width', async () => {
  const durations = new Map<string, number[]>();
  for (let n = 0; n < 3_000; n++) {
    if (n % 3 === 2) continue;
    const list = durations.get(`/route-${n % 4}`) ?? [];
    durations.set(`/route-${n % 4}`, [...list, 1 + ((n * 37) % 400)]);
  }
  for (const days of [0.5, 1, 3, 20]) {
    const { items } = await readEndpoints(server.telemetry, { from: START, to: START + days * DAY });
    for (const { endpoint, count, p95 } of items) {
      const list = durations.get(endpoint)?.slice(0, count) ?? [];
      const exact = list.toSorted((a, b) => a - b)[Math.ceil(0.95 * list.length) - 1] as number;
      expect(Math.abs(p95 / exact - 1), `${endpoint} over ${days} days: ${p95} for ${exact}`).toBeLessThanOrEqual(
        0.021,
      );
    }
    expect(items).toHaveLength(4);
  }
});
