import { hostname } from 'node:os';
import { CpuMeter } from './cpu.ts';
import { EventLoopMeter } from './event-loop.ts';
import { heapPercent, memoryPercent, memoryUse } from './memory.ts';
import { pipeline } from './pipeline.ts';
import { registeredPools } from './pools.ts';

/** A figure at one moment. */
export interface Sample {
  name: string;
  value: number;
  unit: 'percent' | 'ms' | 'ratio' | 'connections';
  labels?: Record<string, string>;
}

const INTERVAL = 15_000;

const rounded = (value: number) => Math.round(value * 1000) / 1000;

/** The figures of this process now; CPU and event loop over the time since the last call. */
export class RuntimeSampler {
  readonly #cpu = new CpuMeter();
  readonly #loop = new EventLoopMeter();

  read(): Sample[] {
    const heap = heapPercent();
    const { delayP99, utilization } = this.#loop.read();
    return [
      { name: 'memory_usage', value: rounded(memoryPercent(memoryUse(), heap)), unit: 'percent' },
      { name: 'node_heap_usage', value: rounded(heap), unit: 'percent' },
      { name: 'cpu_usage', value: rounded(this.#cpu.read()), unit: 'percent' },
      { name: 'event_loop_delay_p99', value: rounded(delayP99), unit: 'ms' },
      { name: 'event_loop_utilization', value: rounded(utilization), unit: 'ratio' },
      ...poolSamples(),
    ];
  }

  stop(): void {
    this.#loop.stop();
  }
}

function poolSamples(): Sample[] {
  return [...registeredPools()].flatMap(([pool, counters]): Sample[] => {
    const { totalCount, idleCount, waitingCount, options } = counters;
    const samples: Sample[] = [
      { name: 'db_pool_in_use', value: totalCount - idleCount, unit: 'connections', labels: { pool } },
      { name: 'db_pool_waiting', value: waitingCount, unit: 'connections', labels: { pool } },
    ];
    const size = options?.max;
    if (size === undefined || size <= 0) return samples;
    // A queue means that nothing is left; how long it is stands in db_pool_waiting.
    const usage = Math.min(100, (100 * (totalCount - idleCount + waitingCount)) / size);
    return [
      ...samples,
      { name: 'db_pool_size', value: size, unit: 'connections', labels: { pool } },
      { name: 'db_connection_usage', value: rounded(usage), unit: 'percent', labels: { pool } },
    ];
  });
}

/** Sends the figures of this process to YumOps every 15 s. @returns a function that stops it */
export function startSampling(interval = INTERVAL): () => void {
  const sampler = new RuntimeSampler();
  const instance = `${hostname()}:${process.pid}`;
  const { telemetry } = pipeline();
  const timer = setInterval(() => {
    for (const { name, value, unit, labels } of sampler.read()) {
      telemetry.record('info', 'metric', name, { name, value, unit, labels: { instance, ...labels } });
    }
  }, interval);
  timer.unref();
  return () => {
    clearInterval(timer);
    sampler.stop();
  };
}
