import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { createProbeToken } from '../../src/access/probe-tokens.ts';
import { probeRoutes } from '../../src/http/probes.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import type { Log } from '../../src/lib/log.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { createProbeAgent, type ProbeWorker } from '../../src/observe/uptime/agent/agent.ts';
import { createProbeDesk, type ProbeDesk } from '../../src/observe/uptime/agent/desk.ts';
import type { MonitorConfig } from '../../src/observe/uptime/config.ts';
import { listMonitorStates } from '../../src/observe/uptime/state-store.ts';
import { httpMonitor, noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { createUptime, type Uptime } from '../../src/observe/uptime/uptime.ts';
import { startTestState, type TestState } from '../engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const noFiles = { keep: () => Promise.reject(new Error('this test keeps no files')) };
const PLACES = ['fra', 'iad', 'syd'];

let state: TestState;
let target: Running;
let failing: boolean;
let hits: Map<string, number>;
let rows: TelemetryRow[];
let storeAway: boolean;
let uptime: Uptime;
let desk: ProbeDesk;
let app: FastifyInstance;
let workers: ProbeWorker[];
let transitions: string[];

beforeAll(async () => {
  state = await startTestState();
  target = await serveHttp((request, response) => {
    const path = request.url ?? '';
    hits.set(path, (hits.get(path) ?? 0) + 1);
    response.writeHead(failing ? 503 : 200).end();
  });
});
afterAll(() => Promise.all([state?.stop(), target?.close()]));

beforeEach(async () => {
  await state.db.query('TRUNCATE monitors, monitor_states, monitor_events, probe_agents, probe_tokens');
  failing = false;
  storeAway = false;
  hits = new Map();
  rows = [];
  workers = [];
  transitions = [];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await uptime?.stop();
  await app?.close();
});

async function startPlatform(monitors: readonly MonitorConfig[], leaseMs = 30_000): Promise<void> {
  const writer = {
    append: async (table: string, added: readonly TelemetryRow[]) => {
      if (storeAway) throw new Error('the store is away');
      if (table === 'checks') rows.push(...added);
    },
  };
  uptime = createUptime({
    db: state.db,
    writer,
    targets: {},
    clock: systemClock,
    log: silent,
    postgres: noPostgres,
    journeys: noJourneys,
    monitors,
  });
  uptime.onTransition((monitor, { from, to }) => transitions.push(`${monitor.name}: ${from} > ${to}`));
  await uptime.start();
  desk = createProbeDesk({ db: state.db, clock: systemClock, log: silent, audit, uptime, leaseMs });
}

/** An agent whose line to the platform can be cut. */
function startAgent(location: string, id: string = location, clock: Clock = systemClock) {
  const line = { cut: false };
  const worker = createProbeAgent({
    id,
    name: id,
    version: '1',
    clock,
    log: silent,
    postgres: noPostgres,
    journeys: noJourneys,
    async send(request) {
      if (line.cut) throw new YumOpsError('platform_unreachable', 'The line is cut.');
      return desk.sync(location, JSON.parse(JSON.stringify(request)));
    },
  });
  workers.push(worker);
  void worker.run();
  return { worker, line };
}

const eventually = <T>(expectation: () => T | Promise<T>) => vi.waitFor(expectation, { timeout: 25_000, interval: 50 });
const monitor = (changes = {}) =>
  httpMonitor(`${target.url}/`, { intervalMs: 1_000, locations: PLACES, quorum: 2, ...changes });
const current = async () => (await listMonitorStates(state.db))[0];
const numbersOf = (location: string) =>
  rows.filter((row) => row['location'] === location).map((row) => Number(row['timestamp']));

test('three places agree on up and on down, and each place has a state and rows of its own', async () => {
  await startPlatform([monitor()]);
  for (const place of PLACES) startAgent(place);
  await eventually(async () => expect(uptime.states().get('api')?.locations).toHaveLength(3));
  await eventually(async () => expect(await current()).toMatchObject({ state: 'up' }));
  failing = true;
  await eventually(async () =>
    expect(await current()).toMatchObject({
      state: 'down',
      reason: expect.stringMatching(/^Down from .* \([23] of 3 locations\): Expected status 200, got 503/),
    }),
  );
  expect(new Set(rows.map((row) => row['location']))).toEqual(new Set(PLACES));
});

test('an agent that is cut off keeps checking; what it saw arrives in order, once, and changes nothing', async () => {
  await startPlatform([monitor()]);
  const [, iad] = PLACES.map((place) => startAgent(place));
  await eventually(() => expect(new Set(rows.map((row) => row['location'])).size).toBe(3));
  await eventually(async () => expect((await current())?.state).toBe('up'));
  const told = transitions.length;
  iad!.line.cut = true;
  await eventually(() => expect(iad!.worker.stats().waiting).toBeGreaterThanOrEqual(3));
  iad!.line.cut = false;
  await eventually(() => expect(iad!.worker.stats().waiting).toBe(0));
  await eventually(() => expect(numbersOf('iad').length).toBe(iad!.worker.stats().delivered));
  expect(numbersOf('iad')).toEqual(numbersOf('iad').toSorted((a, b) => a - b));
  expect(new Set(rows.map((row) => row['id'])).size).toBe(rows.length);
  expect(transitions.slice(told)).toEqual([]);
});

test('an agent whose clock is an hour slow reports in the time of the platform', async () => {
  await startPlatform([monitor({ locations: ['fra'], quorum: 1 })]);
  startAgent('fra', 'fra', { ...systemClock, now: () => systemClock.now() - 3_600_000 });
  await eventually(() => expect(rows.length).toBeGreaterThanOrEqual(2));
  expect(Math.abs(numbersOf('fra').at(-1)! - systemClock.now())).toBeLessThan(15_000);
});

test('results that could not be stored are confirmed when they are, and are not taken twice', async () => {
  await startPlatform([monitor({ locations: ['fra'], quorum: 1 })]);
  const { worker } = startAgent('fra');
  await eventually(() => expect(rows.length).toBeGreaterThan(0));
  storeAway = true;
  await eventually(() => expect(worker.stats().waiting).toBeGreaterThanOrEqual(2));
  storeAway = false;
  await eventually(() => expect(worker.stats().waiting).toBe(0));
  expect(new Set(rows.map((row) => row['id'])).size).toBe(rows.length);
});

test('agents of one place share its monitors; the share of one that is gone falls to the others', async () => {
  const fleet = Array.from({ length: 40 }, (_, index) =>
    monitor({ id: `m${index}`, name: `M${index}`, target: `${target.url}/${index}`, locations: ['fra'], quorum: 1 }),
  );
  await startPlatform(fleet, 2_000);
  const first = startAgent('fra', 'one');
  const second = startAgent('fra', 'two');
  const shares = () => [first, second].map(({ worker }) => worker.stats().monitors);
  await eventually(() => {
    expect(shares()[0]! + shares()[1]!).toBe(40);
    expect(Math.min(...shares())).toBeGreaterThan(8);
  });
  expect((await desk.list()).map(({ id, state, monitors }) => [id, state, monitors])).toEqual([
    ['one', 'live', shares()[0]],
    ['two', 'live', shares()[1]],
  ]);
  second.line.cut = true;
  await eventually(() => expect(first.worker.stats().monitors).toBe(40));
  expect((await desk.list()).find(({ id }) => id === 'two')).toMatchObject({ state: 'away' });
});

test('a probe token opens its own place; another token and the place of the platform are refused', async () => {
  await startPlatform([monitor({ locations: ['fra', 'local'], quorum: 1 })]);
  const guard = () => async () => {
    throw new YumOpsError('unauthenticated', 'This needs a session or an API token.', { status: 401 });
  };
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  probeRoutes(app, { guard, db: state.db, clock: systemClock, desk, evidence: noFiles });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/v1/probes/sync`;
  const { secret } = await createProbeToken(state.db, { location: 'fra', actor: 'test', now: systemClock.now() });
  const body = {
    agent: { id: 'a', name: 'a', version: '1' },
    location: 'iad',
    revision: '',
    results: [],
    waiting: 0,
    dropped: 0,
    leaving: false,
  };
  const post = (token: string, changes = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, ...changes }),
    });
  const answer = await post(secret);
  expect(await answer.json()).toMatchObject({
    location: 'fra',
    acknowledged: 0,
    assignment: { monitors: [{ id: 'api' }] },
  });
  expect((await post('wrong')).status).toBe(401);
  expect((await post(secret, { results: [{ sequence: 1 }] })).status).toBe(400);
  await expect(desk.sync('local', body)).rejects.toThrow('local is the place of the platform itself.');
});
