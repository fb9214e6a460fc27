import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createProbeToken } from '../../src/access/probe-tokens.ts';
import { probeRoutes } from '../../src/http/probes.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import type { Log } from '../../src/lib/log.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { createProbeDesk } from '../../src/observe/uptime/agent/desk.ts';
import { httpMonitor, noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { createUptime, type Uptime } from '../../src/observe/uptime/uptime.ts';
import { startTestState, type TestState } from '../engines.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const NAMESPACE = `yumops-${process.pid}`;
const [OUTSIDE, INSIDE] = [`yo${process.pid % 100_000}a`, `yo${process.pid % 100_000}b`];
/** Addresses of a network of two, in the range that is set aside for tests of network devices. */
const [HOST, GUEST] = ['198.18.77.1', '198.18.77.2'];

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
const within = (...args: string[]) => ip('netns', 'exec', NAMESPACE, 'ip', ...args);

/** Why this machine cannot have the network; null when it can. */
function obstacle(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
  try {
    ip('netns', 'add', NAMESPACE);
    ip('link', 'add', OUTSIDE, 'type', 'veth', 'peer', 'name', INSIDE, 'netns', NAMESPACE);
    ip('addr', 'add', `${HOST}/30`, 'dev', OUTSIDE);
    ip('link', 'set', OUTSIDE, 'up');
    within('addr', 'add', `${GUEST}/30`, 'dev', INSIDE);
    within('link', 'set', INSIDE, 'up');
    within('link', 'set', 'lo', 'up');
    return null;
  } catch (error) {
    return `network namespaces are not to be had here: ${(error as Error).message.split('\n')[0]}`;
  }
}

const reason = obstacle();
if (reason !== null) console.warn(`Skipped: ${reason}.`);

let state: TestState;
let uptime: Uptime;
let app: FastifyInstance;
let url: string;
const agents: ChildProcess[] = [];
const rows: TelemetryRow[] = [];
const transitions: string[] = [];

beforeAll(async () => {
  if (reason !== null) return;
  state = await startTestState();
  const guard = () => async () => {
    throw new YumOpsError('unauthenticated', 'This needs a session or an API token.', { status: 401 });
  };
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  app.get('/shop', async () => 'open');
  const writer = {
    append: async (table: string, added: readonly TelemetryRow[]) => {
      if (table === 'checks') rows.push(...added);
    },
  };
  const world = { clock: systemClock, log: silent, postgres: noPostgres, journeys: noJourneys };
  uptime = createUptime({ ...world, db: state.db, writer, targets: {}, monitors: [] });
  await uptime.start();
  uptime.onTransition((_monitor, { to }) => transitions.push(to));
  probeRoutes(app, {
    guard,
    db: state.db,
    clock: systemClock,
    desk: createProbeDesk({ db: state.db, clock: systemClock, log: silent, uptime }),
  });
  await app.listen({ port: 0, host: HOST });
  url = `http://${HOST}:${(app.server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await Promise.all(agents.map(stopAgent));
  await uptime?.stop();
  await app?.close();
  await state?.stop();
  // The pair of interfaces goes with the namespace.
  if (reason === null) ip('netns', 'del', NAMESPACE);
});

async function startAgent(location: string, prefix: string[] = []): Promise<void> {
  const { secret } = await createProbeToken(state.db, { location, actor: 'test', now: systemClock.now() });
  const command = [...prefix, process.execPath, BIN, 'probe', '--server', url, '--name', location];
  const child = spawn(command[0] as string, command.slice(1), {
    env: { ...process.env, YUMOPS_PROBE_TOKEN: secret },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  agents.push(child);
}

async function stopAgent(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

const eventually = (expectation: () => void) => vi.waitFor(expectation, { timeout: 25_000, interval: 100 });
const rowsOf = (location: string) => rows.filter((row) => row['location'] === location);
const newestOf = (location: string) => Number(rowsOf(location).at(-1)?.['timestamp']);
const current = () => uptime.states().get('api')?.state;

test.skipIf(reason !== null)(
  'an agent whose network is cut pages nobody, and what it saw arrives in order when the network is back',
  { timeout: 60_000 },
  async () => {
    const monitor = httpMonitor(`${url}/shop`, { intervalMs: 1_000, timeoutMs: 1_000, retries: 1, quorum: 2 });
    await uptime.reload({ monitors: [{ ...monitor, locations: ['fra', 'iad', 'syd'] }], targets: {} });
    await Promise.all([startAgent('fra'), startAgent('iad'), startAgent('syd', ['ip', 'netns', 'exec', NAMESPACE])]);
    await eventually(() =>
      expect(
        uptime
          .states()
          .get('api')
          ?.locations.map(({ state: seen }) => seen),
      ).toEqual(['up', 'up', 'up']),
    );
    const before = rowsOf('syd').length;

    within('link', 'set', INSIDE, 'down');
    const cutAt = systemClock.now();
    // Time enough for the cut-off agent to see the target fail more often than it takes to be sure.
    await eventually(() => expect(newestOf('fra')).toBeGreaterThan(cutAt + 6_000));
    expect(rowsOf('syd').length).toBe(before);
    expect(current()).toBe('up');
    within('link', 'set', INSIDE, 'up');

    const healedAt = systemClock.now();
    await eventually(() => expect(newestOf('syd')).toBeGreaterThan(healedAt));
    const late = rowsOf('syd').slice(before);
    expect(late.filter((row) => !row['ok']).length).toBeGreaterThanOrEqual(3);
    const times = rowsOf('syd').map((row) => Number(row['timestamp']));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(rowsOf('syd').map((row) => row['id'])).size).toBe(times.length);
    await eventually(() => expect(current()).toBe('up'));
    expect(transitions).not.toContain('down');
  },
);
