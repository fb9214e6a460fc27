import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CpuMeter } from './cpu.ts';
import { registerPool } from './pools.ts';
import { RuntimeSampler } from './samples.ts';

function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    Math.sqrt(end);
  }
}

it('samples memory, heap, CPU, event loop and registered pools', async () => {
  const sampler = new RuntimeSampler();
  const unregister = registerPool('main', { totalCount: 8, idleCount: 3, waitingCount: 2, options: { max: 10 } });
  await sleep(60);
  burn(400);
  await sleep(60);
  const samples = Object.fromEntries(sampler.read().map((sample) => [sample.name, sample]));
  expect(Object.keys(samples)).toEqual([
    'memory_usage',
    'node_heap_usage',
    'cpu_usage',
    'event_loop_delay_p99',
    'event_loop_utilization',
    'db_pool_in_use',
    'db_pool_waiting',
    'db_pool_size',
    'db_connection_usage',
  ]);
  expect(samples['db_connection_usage']?.value).toBe(70);
  for (const name of ['memory_usage', 'node_heap_usage', 'cpu_usage']) {
    expect(samples[name]?.value).toBeGreaterThan(0);
    expect(samples[name]?.value).toBeLessThanOrEqual(100);
  }
  expect(samples['event_loop_delay_p99']?.value).toBeGreaterThan(80);
  expect(samples['event_loop_utilization']?.value).toBeGreaterThan(0.2);
  expect(samples['db_pool_in_use']).toEqual({
    name: 'db_pool_in_use',
    value: 5,
    unit: 'connections',
    labels: { pool: 'main' },
  });
  unregister();
  expect(sampler.read().some((sample) => sample.name.startsWith('db_pool'))).toBe(false);
  sampler.stop();
});

it('measures CPU over the interval, not since the start', () => {
  const now = { cpu: 80_000_000, at: 1_000 };
  const meter = new CpuMeter(() => ({ ...now }));
  const cores = availableParallelism();
  now.at += 1_000;
  now.cpu += 500_000;
  expect(meter.read()).toBeCloseTo(50 / cores);
  now.at += 1_000;
  expect(meter.read()).toBe(0);
});
