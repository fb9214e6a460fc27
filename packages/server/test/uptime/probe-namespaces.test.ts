import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { httpMonitor } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { type AgentRig, startAgentRig } from './agent-rig.ts';

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

let rig: AgentRig;
let shop: Running;

beforeAll(async () => {
  if (reason !== null) return;
  rig = await startAgentRig(HOST);
  shop = await serveHttp((_request, response) => response.end('open'), HOST);
});

afterAll(async () => {
  await rig?.stop();
  await shop?.close();
  // The pair of interfaces goes with the namespace.
  if (reason === null) ip('netns', 'del', NAMESPACE);
});

const eventually = (expectation: () => void) => vi.waitFor(expectation, { timeout: 25_000, interval: 100 });
const rowsOf = (location: string) => rig.rows.filter((row) => row['location'] === location);
const newestOf = (location: string) => Number(rowsOf(location).at(-1)?.['timestamp']);
const current = () => rig.uptime.states().get('api')?.state;

test.skipIf(reason !== null)(
  'an agent whose network is cut pages nobody, and what it saw arrives in order when the network is back',
  { timeout: 60_000 },
  async () => {
    const monitor = httpMonitor(`${shop.url}/`, { intervalMs: 1_000, timeoutMs: 1_000, retries: 1, quorum: 2 });
    await rig.uptime.reload({ monitors: [{ ...monitor, locations: ['fra', 'iad', 'syd'] }], targets: {} });
    await Promise.all([
      rig.startAgent('fra'),
      rig.startAgent('iad'),
      rig.startAgent('syd', { prefix: ['ip', 'netns', 'exec', NAMESPACE] }),
    ]);
    await eventually(() =>
      expect(
        rig.uptime
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
    expect(rig.transitions).not.toContain('down');
  },
);
