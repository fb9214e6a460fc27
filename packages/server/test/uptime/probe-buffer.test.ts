import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listProbeTokens } from '../../src/access/probe-tokens.ts';
import { httpMonitor } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { type AgentRig, startAgentRig } from './agent-rig.ts';

let rig: AgentRig;
let target: Running;
let hits = 0;

beforeAll(async () => {
  rig = await startAgentRig();
  target = await serveHttp((_request, response) => {
    hits += 1;
    response.end('open');
  });
});
afterAll(async () => {
  await rig?.stop();
  await target?.close();
});

const eventually = (expectation: () => unknown) => vi.waitFor(expectation, { timeout: 40_000, interval: 50 });

test('what an agent saw while the platform was away arrives after kill -9 of the agent, all of it, once and in order', {
  timeout: 90_000,
}, async () => {
  const monitor = httpMonitor(`${target.url}/`, { intervalMs: 1_000, locations: ['fra'], quorum: 1 });
  await rig.uptime.reload({ monitors: [monitor], targets: {} });
  const first = await rig.startAgent('fra');
  await eventually(() => expect(rig.rows.length).toBeGreaterThan(1));

  rig.away = true;
  const before = hits;
  await eventually(() => expect(hits).toBeGreaterThan(before + 3));
  first.kill('SIGKILL');
  await once(first, 'exit');

  // It goes on with what it was assigned, though nobody answers.
  const between = hits;
  await rig.startAgent('fra');
  await eventually(() => expect(hits).toBeGreaterThan(between + 3));
  rig.away = false;
  const seen = hits;
  await eventually(() => expect(rig.rows.length).toBeGreaterThanOrEqual(seen - 1));
  await eventually(async () => expect(await rig.desk.list()).toMatchObject([{ state: 'live', waiting: 0 }]));

  const times = rig.rows.map((row) => Number(row['timestamp']));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(new Set(rig.rows.map((row) => row['id'])).size).toBe(times.length);
  // The check that ran as the agent was killed is nobody's, and the newest may be on its way.
  expect(hits - times.length).toBeLessThanOrEqual(2);
  expect(await rig.desk.list()).toMatchObject([{ name: 'fra', dropped: 0, trouble: null }]);
  expect(await listProbeTokens(rig.state.db)).toMatchObject([
    { location: 'fra', lastUsedAt: expect.any(String), revokedAt: null },
  ]);
});

test('a second agent on the same buffer is refused', async () => {
  const second = await rig.startAgent('fra');
  const [code] = await once(second, 'exit');
  expect(code).toBe(1);
});
