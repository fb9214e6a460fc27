import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { listMonitorStates } from '../../src/observe/uptime/state-store.ts';
import { healthMonitor, httpMonitor, noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { createUptime, type Uptime, type UptimeOptions } from '../../src/observe/uptime/uptime.ts';
import { startTestState, type TestState } from '../engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

let state: TestState;
let server: Running;
let healthy: boolean;
let hits: string[];
let rows: { table: string; row: TelemetryRow }[];
let running: Uptime[];

beforeAll(async () => {
  state = await startTestState();
  server = await serveHttp((request, response) => {
    hits.push(request.url ?? '');
    if (request.url === '/detailed') {
      response.statusCode = healthy ? 200 : 503;
      const status = healthy ? 'healthy' : 'unhealthy';
      const redis = { status: 'healthy', responseTime: 2 };
      const database = { status, responseTime: 12, details: healthy ? {} : { error: 'connection refused' } };
      response.end(JSON.stringify({ status, checks: { database, redis } }));
      return;
    }
    response.writeHead(healthy ? 200 : 503).end();
  });
});

afterAll(() => Promise.all([state?.stop(), server?.close()]));

beforeEach(async () => {
  healthy = true;
  hits = [];
  rows = [];
  running = [];
  await state.db.query('TRUNCATE monitors, monitor_states, monitor_events');
});

afterEach(() => Promise.all(running.map((uptime) => uptime.stop())));

async function start(options: Partial<UptimeOptions> & Pick<UptimeOptions, 'monitors'>): Promise<Uptime> {
  const writer = {
    append: async (table: string, added: readonly TelemetryRow[]) => {
      rows.push(...added.map((row) => ({ table, row })));
    },
  };
  const defaults = {
    db: state.db,
    writer,
    targets: {},
    clock: systemClock,
    log: silent,
    postgres: noPostgres,
    journeys: noJourneys,
  };
  const uptime = createUptime({ ...defaults, ...options });
  running.push(uptime);
  await uptime.start();
  return uptime;
}

/** Waits until what is expected is so. */
const eventually = <T>(expectation: () => T | Promise<T>) => vi.waitFor(expectation, { timeout: 25_000 });

/** A monitor that is checked every 200 ms. */
const quick = (path: string, changes = {}) => httpMonitor(`${server.url}${path}`, { intervalMs: 200, ...changes });

async function stateOf(id = 'api') {
  return (await listMonitorStates(state.db)).find((monitor) => monitor.id === id);
}

test('a monitor goes up, down after its re-check, and up again; each change is stored and told', async () => {
  const told: string[] = [];
  const uptime = await start({ monitors: [quick('/')] });
  uptime.onTransition((monitor, { from, to }) => told.push(`${monitor.name}: ${from} > ${to}`));
  await eventually(async () => expect((await stateOf())?.state).toBe('up'));

  healthy = false;
  await eventually(async () => expect((await stateOf())?.state).toBe('down'));
  expect(await stateOf()).toMatchObject({
    name: 'API',
    severity: 'critical',
    reason: 'Expected status 200, got 503 Service Unavailable.',
    since: expect.any(Number),
  });

  healthy = true;
  await eventually(async () => expect((await stateOf())?.state).toBe('up'));
  expect((await stateOf())?.reason).toBeNull();
  const events = await state.db.query('SELECT from_state, to_state, reason FROM monitor_events ORDER BY at');
  expect(events).toEqual([
    { from_state: 'pending', to_state: 'up', reason: null },
    { from_state: 'up', to_state: 'down', reason: 'Expected status 200, got 503 Service Unavailable.' },
    { from_state: 'down', to_state: 'up', reason: null },
  ]);
  expect(told).toEqual(['API: pending > up', 'API: up > down', 'API: down > up']);
});

test('every check is a row with its phases, what it stands for and the evidence of a failure', async () => {
  healthy = false;
  await start({ monitors: [quick('/', { project: '7', environment: 'production' })] });
  await eventually(() => expect(rows.length).toBeGreaterThan(2));
  expect(rows[0]).toMatchObject({
    table: 'checks',
    row: {
      monitorId: 'api',
      monitor: 'API',
      kind: 'http',
      location: 'local',
      project: '7',
      environment: 'production',
      ok: false,
      state: 'pending',
      statusCode: 503,
      coveredMs: 200,
      dnsMs: null,
      tlsMs: null,
    },
  });
  expect(rows[1]?.row).toMatchObject({ state: 'down' });
  expect(JSON.parse(rows[0]?.row['evidence'] as string)).toMatchObject({ status: 503, body: '' });
});

test('counts of failures survive a crash: one failure before and one after it confirm', async () => {
  healthy = false;
  const monitors = [httpMonitor(`${server.url}/`, { intervalMs: 60_000, retries: 1 })];
  const first = await start({ monitors });
  await eventually(() => expect(first.states().get('api')?.failures).toBe(1));
  await eventually(async () => {
    expect(await state.db.query('SELECT failures FROM monitor_states')).toEqual([{ failures: 1 }]);
  });
  // Nothing of the first engine is asked to finish: the second has only what is stored, as after a crash.
  await start({ monitors });
  await eventually(async () => expect((await stateOf())?.state).toBe('down'));
  expect(hits).toHaveLength(2);
});

test('a monitor that was down stays down over a restart, since the same time, and is not announced again', async () => {
  healthy = false;
  const first = await start({ monitors: [quick('/')] });
  await eventually(async () => expect((await stateOf())?.state).toBe('down'));
  await first.stop();
  const before = await stateOf();
  const second = await start({ monitors: [quick('/')] });
  const told = vi.fn();
  second.onTransition(told);
  const already = hits.length;
  await eventually(() => expect(hits.length).toBeGreaterThan(already + 2));
  await second.stop();
  expect(await stateOf()).toEqual(before);
  expect(told).not.toHaveBeenCalled();
});

test('a health report gives one state per named check, and one that is no longer named is unknown', async () => {
  const monitors = [healthMonitor(`${server.url}/detailed`, { intervalMs: 200 })];
  const uptime = await start({ monitors });
  const named = () =>
    uptime
      .states()
      .get('api')
      ?.named.map(({ name, state, reason }) => ({ name, state, reason }));
  await eventually(() =>
    expect(named()).toEqual([
      { name: 'database', state: 'up', reason: null },
      { name: 'redis', state: 'up', reason: null },
    ]),
  );
  healthy = false;
  await eventually(async () => expect((await stateOf())?.state).toBe('down'));
  expect((await stateOf())?.reason).toBe('The application is unhealthy: database (connection refused).');
  expect(named()?.[0]).toEqual({ name: 'database', state: 'down', reason: 'connection refused' });
  expect(
    rows.some(({ table, row }) => table === 'health_checks' && row['name'] === 'database' && row['state'] === 'down'),
  ).toBe(true);

  await uptime.reload({ monitors: [healthMonitor(`${server.url}/`, { intervalMs: 200 })], targets: {} });
  await eventually(() => expect(named()?.map((one) => one.state)).toEqual(['unknown', 'unknown']));
});

test('a reload adds, removes and pauses monitors', async () => {
  const uptime = await start({ monitors: [quick('/a', { id: 'a', name: 'A' }), quick('/b', { id: 'b', name: 'B' })] });
  await eventually(async () => expect((await stateOf('b'))?.state).toBe('up'));
  await eventually(async () => expect((await stateOf('a'))?.state).toBe('up'));
  await uptime.reload({
    monitors: [quick('/a', { id: 'a', name: 'A', paused: true }), quick('/c', { id: 'c', name: 'C' })],
    targets: {},
  });
  await eventually(async () => expect((await stateOf('c'))?.state).toBe('up'));
  await eventually(async () => expect((await stateOf('a'))?.state).toBe('paused'));
  expect(await stateOf('b')).toBeUndefined();
  expect([...uptime.states().keys()].sort()).toEqual(['a', 'c']);
});

test('while a reference target is away too, a failure is the network’s and not the target’s', async () => {
  const reference = await serveHttp((_request, response) => response.end());
  await reference.close();
  healthy = false;
  await start({ monitors: [quick('/')], referenceTargets: [`127.0.0.1:${reference.port}`] });
  await eventually(async () => expect((await stateOf())?.state).toBe('network-down'));
  expect((await stateOf())?.reason).toBe(
    `This prober's own network is down: none of 127.0.0.1:${reference.port} answers.`,
  );
});

test('what cannot be stored is stored later, with the transition', async () => {
  let broken = false;
  let refused = 0;
  const db = {
    query: state.db.query.bind(state.db),
    transaction: ((work) => {
      if (broken) {
        refused += 1;
        return Promise.reject(new Error('the database is away'));
      }
      return state.db.transaction(work);
    }) as typeof state.db.transaction,
  };
  const uptime = createUptime({
    db,
    writer: { append: async () => {} },
    monitors: [quick('/')],
    targets: {},
    clock: systemClock,
    log: silent,
    postgres: noPostgres,
    journeys: noJourneys,
  });
  await uptime.start();
  running.push(uptime);
  broken = true;
  await eventually(() => expect(refused).toBeGreaterThan(1));
  expect(uptime.states().get('api')?.state).toBe('up');
  expect((await stateOf())?.state).toBe('pending');
  broken = false;
  await eventually(async () => expect((await stateOf())?.state).toBe('up'));
  expect(await state.db.query('SELECT to_state FROM monitor_events')).toEqual([{ to_state: 'up' }]);
});

test('stop does not wait for targets that hang, and does not hold it against them', async () => {
  const hanging = await serveHttp((request) => void hits.push(request.url ?? ''));
  const uptime = await start({ monitors: [httpMonitor(hanging.url, { timeoutMs: 60_000, retries: 0 })] });
  await eventually(() => expect(hits).toHaveLength(1));
  const before = performance.now();
  await uptime.stop();
  expect(performance.now() - before).toBeLessThan(20_000);
  expect((await stateOf())?.state).toBe('pending');
  expect(rows).toEqual([]);
  await hanging.close();
});

test('a monitor that cannot be checked is unknown, and says why', async () => {
  await start({ monitors: [quick('/', { broken: 'environment variable TOKEN is not set' })] });
  await eventually(async () => expect((await stateOf())?.state).toBe('unknown'));
  expect((await stateOf())?.reason).toBe('It cannot be checked: environment variable TOKEN is not set.');
  expect(hits).toEqual([]);
});
