import { setTimeout as sleep } from 'node:timers/promises';
import { CpuMeter } from '../../runtime/cpu.ts';
import { EventLoopMeter } from '../../runtime/event-loop.ts';
import { heapPercent, memoryUse } from '../../runtime/memory.ts';
import { type CheckDefinition, gradeBelow } from '../health-check.ts';

const MEMORY_LIMITS = [70, 85] as const;
const CPU_LIMITS = [50, 80] as const;
/** Milliseconds. */
const DELAY_LIMITS = [100, 500] as const;
/** Shortest interval that a figure about time is taken over, milliseconds. */
const INTERVAL = 250;

const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)}MB`;
const percent = (value: number) => `${value.toFixed(1)}%`;

/** Memory against the container's or machine's limit, and the heap against its own; the worse counts. Under 70 % healthy, under 85 % degraded. */
export function memoryCheck(): CheckDefinition {
  return {
    name: 'memory',
    run() {
      const { used, limit, source } = memoryUse();
      const usage = (100 * used) / limit;
      const heap = heapPercent();
      const { heapUsed, heapTotal, rss, external } = process.memoryUsage();
      return {
        status: gradeBelow(Math.max(usage, heap), MEMORY_LIMITS),
        details: {
          usagePercent: percent(usage),
          limit: megabytes(limit),
          limitSource: source,
          rss: megabytes(rss),
          heapUsed: megabytes(heapUsed),
          heapTotal: megabytes(heapTotal),
          heapLimitPercent: percent(heap),
          external: megabytes(external),
        },
      };
    },
  };
}

/** CPU time of the process over the time since the last check, per core. Under 50 % healthy, under 80 % degraded. */
export function cpuCheck(): CheckDefinition {
  const meter = new CpuMeter();
  return {
    name: 'cpu',
    async run(signal) {
      if (meter.age < INTERVAL) {
        await sleep(INTERVAL - meter.age, undefined, { signal });
      }
      const seconds = Math.round(meter.age) / 1000;
      const used = meter.read();
      return { status: gradeBelow(used, CPU_LIMITS), details: { percentPerCore: percent(used), overSeconds: seconds } };
    },
  };
}

/** How late timers run, 99th percentile since the last check. Under 100 ms healthy, under 500 ms degraded. */
export function eventLoopCheck(): CheckDefinition {
  let meter: EventLoopMeter | undefined;
  return {
    name: 'event-loop',
    async run(signal) {
      if (meter === undefined) {
        meter = new EventLoopMeter();
        await sleep(INTERVAL, undefined, { signal });
      }
      const { delayP99, utilization } = meter.read();
      const details = { delayP99: `${delayP99.toFixed(1)}ms`, utilization: percent(100 * utilization) };
      return { status: gradeBelow(delayP99, DELAY_LIMITS), details };
    },
  };
}
