import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listMonitorStates } from '../../src/observe/uptime/index.ts';
import { httpMonitor } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { startTestState, type TestState } from '../engines.ts';

const MONITORS = 60;
const INTERVAL_MS = 2_000;
const LEASE_MS = 3_000;

let state: TestState;
let server: Running;
const children: ChildProcess[] = [];
/** Who checked each monitor, in the order in which the checks began. */
const seen: { monitor: string; instance: string; at: number }[] = [];

beforeAll(async () => {
  state = await startTestState();
  server = await serveHttp((request, response) => {
    response.writeHead(request.url?.startsWith('/bad') ? 500 : 200).end();
  });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all([state?.stop(), server?.close()]);
});

const monitors = () =>
  Array.from({ length: MONITORS }, (_, index) =>
    httpMonitor(`${server.url}/${index % 10 === 0 ? 'bad' : 'good'}${index}`, {
      id: `m${index}`,
      name: `M ${index}`,
      intervalMs: INTERVAL_MS,
    }),
  );

async function start(instance: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'prober-child.mjs'));
  children.push(child);
  child.on('message', (message: { instance: string; rows: Record<string, unknown>[] } | 'started') => {
    if (message === 'started') return;
    for (const row of message.rows) {
      seen.push({ monitor: String(row['monitorId']), instance: message.instance, at: Number(row['timestamp']) });
    }
  });
  const started = new Promise<void>((resolve) => {
    child.on('message', (message) => message === 'started' && resolve());
  });
  child.send({ stateUrl: state.url, monitors: monitors(), instance, leaseMs: LEASE_MS });
  await started;
  return child;
}

const eventually = (expectation: () => unknown) => vi.waitFor(expectation, { timeout: 30_000, interval: 100 });

/** Waits until every monitor was checked `times` more, and gives the shares of the instances in that time. */
async function sharesOver(times: number): Promise<Map<string, Set<string>>> {
  const from = seen.length;
  await eventually(() => {
    const counts = new Map<string, number>();
    for (const { monitor } of seen.slice(from)) counts.set(monitor, (counts.get(monitor) ?? 0) + 1);
    expect(counts.size).toBe(MONITORS);
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(times);
  });
  const shares = new Map<string, Set<string>>();
  for (const { monitor, instance } of seen.slice(from)) {
    shares.set(instance, (shares.get(instance) ?? new Set()).add(monitor));
  }
  return shares;
}

/** Nobody can store the list of monitors until it ends. */
async function holdMonitors(): Promise<{ end(): Promise<void> }> {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    held = state.db.transaction(async (tx) => {
      await tx.query('LOCK TABLE monitors IN SHARE MODE');
      resolve();
      await ended;
    });
    held.catch(reject);
  });
  return {
    async end() {
      end();
      await held;
    },
  };
}

const isSharedBy = (shares: Map<string, Set<string>>, ...names: string[]) =>
  expect([...shares.keys()].sort()).toEqual(names);

test('two instances share the checks, and take over from each other without doubling or losing any', async () => {
  const first = await start('one');
  isSharedBy(await sharesOver(2), 'one');
  await eventually(async () =>
    expect((await listMonitorStates(state.db)).filter(({ state: now }) => now === 'down')).toHaveLength(MONITORS / 10),
  );
  const before = await listMonitorStates(state.db);

  const second = await start('two');
  await eventually(async () => {
    const shares = await sharesOver(1);
    isSharedBy(shares, 'one', 'two');
    expect([...shares.values()].reduce((sum, { size }) => sum + size, 0)).toBe(MONITORS);
  });

  first.kill('SIGKILL');
  await once(first, 'exit');
  // Coming back it gets stuck before it can check anything: it must not hold its share so long.
  const stuck = await holdMonitors();
  const again = start('one');
  await eventually(async () => isSharedBy(await sharesOver(1), 'two'));
  await stuck.end();

  await again;
  await eventually(async () => isSharedBy(await sharesOver(1), 'one', 'two'));
  second.send('stop');
  await once(second, 'exit');
  await eventually(async () => isSharedBy(await sharesOver(1), 'one'));

  // Where both checked a monitor at a time they would take turns; it changes hands once a change of the members.
  for (let index = 0; index < MONITORS; index++) {
    const checks = seen.filter(({ monitor }) => monitor === `m${index}`).sort((a, b) => a.at - b.at);
    const hands = checks.filter(({ instance }, at) => at > 0 && instance !== checks[at - 1]?.instance).length;
    expect({ monitor: index, hands: hands <= 4 }).toEqual({ monitor: index, hands: true });
    const gaps = checks.slice(1).map(({ at }, before) => at - (checks[before]?.at ?? 0));
    // An interval, the lease of the one that was killed, and a busy machine.
    expect(Math.max(...gaps)).toBeLessThan(INTERVAL_MS + 2 * LEASE_MS + 12_000);
  }
  expect(await listMonitorStates(state.db)).toEqual(before);
  // Each monitor left `pending` once: states and counters went from hand to hand.
  expect(await state.db.query('SELECT count(*)::int AS n FROM monitor_events')).toEqual([{ n: MONITORS }]);
}, 120_000);
