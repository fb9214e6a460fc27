import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { MonitorConfig } from '../../src/observe/uptime/index.ts';
import { listMonitorStates } from '../../src/observe/uptime/index.ts';
import { httpMonitor } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { startTestState, type TestState } from '../engines.ts';

const MONITORS = 300;
const INTERVAL_MS = 2_000;

let state: TestState;
let server: Running;
let child: ChildProcess | undefined;
/** Monotonic time of the checks of each monitor, by path. */
const hits = new Map<string, number[]>();

beforeAll(async () => {
  state = await startTestState();
  server = await serveHttp((request, response) => {
    const path = request.url ?? '';
    hits.set(path, [...(hits.get(path) ?? []), performance.now()]);
    response.writeHead(path.startsWith('/bad') ? 500 : 200).end();
  });
});

afterAll(async () => {
  child?.kill('SIGKILL');
  await Promise.all([state?.stop(), server?.close()]);
});

/** Starts a prober and returns the time at which it had started. */
async function startProber(monitors: readonly MonitorConfig[]): Promise<number> {
  child = fork(join(import.meta.dirname, 'prober-child.mjs'));
  child.send({ stateUrl: state.url, monitors });
  await once(child, 'message');
  return performance.now();
}

async function killProber(): Promise<void> {
  child?.kill('SIGKILL');
  if (child) await once(child, 'exit');
}

test('after kill -9 every monitor is checked within one interval, and states are as they were', async () => {
  const monitors = Array.from({ length: MONITORS }, (_, index) => {
    const path = index % 10 === 0 ? `/bad${index}` : `/good${index}`;
    return httpMonitor(`${server.url}${path}`, { id: `m${index}`, name: `M ${index}`, intervalMs: INTERVAL_MS });
  });
  await startProber(monitors);
  await vi.waitFor(
    async () => {
      const states = await listMonitorStates(state.db);
      expect(states.filter((monitor) => monitor.state === 'down')).toHaveLength(MONITORS / 10);
      expect(states.filter((monitor) => monitor.state === 'up')).toHaveLength((MONITORS / 10) * 9);
    },
    { timeout: 40_000, interval: 200 },
  );
  const before = await listMonitorStates(state.db);
  await killProber();

  const restarted = await startProber(monitors);
  await vi.waitFor(() => expect([...hits.values()].every((at) => at.at(-1)! > restarted)).toBe(true), {
    timeout: 40_000,
    interval: 50,
  });
  const firstAfter = [...hits.values()].map((at) => at.find((time) => time > restarted)! - restarted);
  // The plan never exceeds the interval, as the test of the prober shows; the rest is for a busy machine.
  expect(Math.max(...firstAfter)).toBeLessThan(INTERVAL_MS + 6_000);
  expect(await listMonitorStates(state.db)).toEqual(before);
  // Each monitor left `pending` once; nothing was announced a second time.
  expect(await state.db.query('SELECT count(*)::int AS n FROM monitor_events')).toEqual([{ n: MONITORS }]);
});
