import { setTimeout as sleep } from 'node:timers/promises';
import { CpuMeter, ThrottleMeter } from '../../runtime/cpu.ts';
import { EventLoopMeter } from '../../runtime/event-loop.ts';
import { heapPercent, memoryUse } from '../../runtime/memory.ts';
import { type CheckDefinition, gradeBelow, measured, worstOf } from '../health-check.ts';

const MEMORY_LIMITS = [70, 85] as const;
const CPU_LIMITS = [50, 80] as const;
/** Percent of the scheduler's periods in which the container stood still. */
const THROTTLE_LIMITS = [10, 50] as const;
/** Busy share of the event loop from which on it is degraded, percent. Alone it never makes a process unhealthy. */
const BUSY = 95;
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
    componentType: 'system',
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
        measurements: {
          usage: measured(usage, 'percent'),
          heapOfLimit: measured(heap, 'percent'),
          rssOfLimit: measured((100 * rss) / limit, 'percent'),
        },
      };
    },
  };
}

/**
 * CPU time of the process over the time since the last check, per core: under 50 % healthy, under 80 % degraded. In a container with a
 * quota also how often it was made to wait for it: under 10 % of the periods healthy, under 50 % degraded.
 */
export function cpuCheck(): CheckDefinition {
  const meter = new CpuMeter();
  const throttle = new ThrottleMeter();
  return {
    name: 'cpu',
    componentType: 'system',
    async run(signal) {
      if (meter.age < INTERVAL) {
        await sleep(INTERVAL - meter.age, undefined, { signal });
      }
      const seconds = Math.round(meter.age) / 1000;
      const used = meter.read();
      const throttled = throttle.read();
      const details = { percentPerCore: percent(used), overSeconds: seconds };
      const measurements = { perCore: measured(used, 'percent') };
      const status = gradeBelow(used, CPU_LIMITS);
      if (throttled === undefined) return { status, details, measurements };
      return {
        status: worstOf([status, gradeBelow(throttled, THROTTLE_LIMITS)]),
        details: { ...details, throttledPeriods: percent(throttled) },
        measurements: { ...measurements, throttled: measured(throttled, 'percent') },
      };
    },
  };
}

/** How late timers run, 99th percentile since the last check: under 100 ms healthy, under 500 ms degraded. Busy for over 95 % is degraded. */
export function eventLoopCheck(): CheckDefinition {
  let meter: EventLoopMeter | undefined;
  return {
    name: 'event-loop',
    componentType: 'system',
    async run(signal) {
      if (meter === undefined) {
        meter = new EventLoopMeter();
        await sleep(INTERVAL, undefined, { signal });
      }
      const { delayP99, utilization } = meter.read();
      const busy = 100 * utilization;
      return {
        status: worstOf([gradeBelow(delayP99, DELAY_LIMITS), busy < BUSY ? 'healthy' : 'degraded']),
        details: { delayP99: `${delayP99.toFixed(1)}ms`, utilization: percent(busy) },
        measurements: { delayP99: measured(delayP99, 'ms'), utilization: measured(busy, 'percent') },
      };
    },
  };
}
