import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { createUptime, listMonitors, type Uptime } from '../../src/observe/uptime/index.ts';
import { monitorOf, noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { startTestState, type TestState } from '../engines.ts';
import { silentLog, until } from '../ingest.ts';
import { newId } from '../support/sentry-rig.ts';

let state: TestState;
let uptime: Uptime;
const rows: TelemetryRow[] = [];

function makeUptime(): Uptime {
  return createUptime({
    db: state.db,
    writer: {
      append: async (table, added) => {
        if (table === 'check_ins') rows.push(...added);
      },
    },
    monitors: [],
    targets: {},
    clock: systemClock,
    log: silentLog,
    postgres: noPostgres,
    journeys: noJourneys,
  });
}

beforeAll(async () => {
  state = await startTestState();
  uptime = makeUptime();
  await uptime.start();
});

afterAll(async () => {
  await uptime?.stop();
  await state?.stop();
});

const listed = async (name: string) => {
  const { items } = await listMonitors(state.db, { availability: new Map(), publicUrl: 'http://x' });
  return items.find((monitor) => monitor.name === name);
};
const say = (
  slug: string,
  status: 'in_progress' | 'ok' | 'error',
  monitor: Record<string, unknown> | null = null,
  project = '7',
  { id = newId(), at = Date.now() } = {},
) => uptime.checkIn({ id, project, slug, status, at, environment: 'production', monitor });
const reaches = (name: string, wanted: string) => until(async () => (await listed(name))?.state === wanted);

it('a check-in makes the monitor, and its state follows the runs', async () => {
  const monitor = {
    schedule: { type: 'crontab', value: '0 3 * * *' },
    checkin_margin: 5,
    max_runtime: 30,
    timezone: 'Europe/Berlin',
  };
  await say('nightly', 'in_progress', monitor);
  await reaches('nightly', 'up');
  expect(uptime.monitors().find(({ id }) => id === 'nightly')).toMatchObject({
    kind: 'heartbeat',
    schedule: { kind: 'cron', pattern: '0 3 * * *', timeZone: 'Europe/Berlin' },
    graceMs: 300_000,
    maxRuntimeMs: 1_800_000,
    project: '7',
    environment: 'production',
  });
  await say('nightly', 'error');
  await reaches('nightly', 'down');
  expect((await listed('nightly'))?.reason).toContain('Expected the job to succeed');
  await say('nightly', 'ok');
  await reaches('nightly', 'up');
});

it('a job without a schedule, or with one that cannot be read, is listed; only its failures count', async () => {
  await say('silent', 'ok');
  await say('odd', 'ok', { schedule: { type: 'crontab', value: 'whenever' } });
  await reaches('silent', 'up');
  await reaches('odd', 'up');
});

it('two projects may name their jobs alike', async () => {
  await say('twin', 'ok');
  await say('twin', 'error', null, '8');
  await reaches('twin', 'up');
  await reaches('twin-8', 'down');
});

it('a job of one project does not speak for the configured monitor of another', async () => {
  const monitor = monitorOf({ kind: 'heartbeat', name: 'billing', every: '60m', project: '9' });
  await uptime.reload({ monitors: [monitor], targets: {} });
  await say('billing', 'error', null, '8');
  await reaches('billing-8', 'down');
  expect((await listed('billing'))?.state).not.toBe('down');
  await say('billing', 'ok', null, '9');
  await reaches('billing', 'up');
  expect(uptime.monitors().map(({ id }) => id)).not.toContain('billing-9');
  await uptime.reload({ monitors: [], targets: {} });
});

it('another end of a run stands where it comes within the longest run, else it is ignored', async () => {
  const [run, other] = [newId(), newId()];
  const begun = Date.now() - 1_200_000;
  const at = (minute: number, id = run) => ({ id, at: begun + minute * 60_000 });
  await say(
    'twice',
    'in_progress',
    { max_runtime: 5, schedule: { type: 'interval', value: 1, unit: 'day' } },
    '7',
    at(0),
  );
  await say('twice', 'ok', null, '7', at(2));
  await reaches('twice', 'up');
  await say('twice', 'error', null, '7', at(4));
  await reaches('twice', 'down');
  await say('twice', 'ok', null, '7', at(5));
  await reaches('twice', 'up');
  const late = at(6);
  await say('twice', 'error', null, '7', late);
  expect(uptime.stats().ignored).toBe(1);
  await until(() => rows.length > 0);
  expect(rows).toMatchObject([{ id: run, timestamp: late.at, slug: 'twice', project: '7', status: 'ignored' }]);
  const failure = async () =>
    (await state.db.query("SELECT beats->'failure' AS failure FROM heartbeats WHERE monitor_id = 'twice'"))[0];
  expect(await failure()).toEqual({ failure: null });
  await say('twice', 'ok', null, '7', at(7, other));
  await say('twice', 'ok', null, '7', at(8, newId()));
  await say('twice', 'error', null, '7', at(9, other));
  expect(await failure()).toEqual({ failure: null });
  expect(uptime.stats().ignored).toBe(1);
});

it('monitors of jobs and their states outlive a restart and a reload', async () => {
  await say('kept', 'error', { schedule: { type: 'interval', value: 1, unit: 'hour' } });
  await reaches('kept', 'down');
  await uptime.stop();
  uptime = makeUptime();
  await uptime.start();
  expect((await listed('kept'))?.state).toBe('down');
  await uptime.reload({ monitors: [], targets: {} });
  expect((await listed('kept'))?.state).toBe('down');
});
