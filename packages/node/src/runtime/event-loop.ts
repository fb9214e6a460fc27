import type { IntervalHistogram } from 'node:perf_hooks';

const RESOLUTION = 20;

/** How late the event loop runs its timers, and how busy it is, over the interval between two readings. */
export class EventLoopMeter {
  readonly #delay: IntervalHistogram = process
    .getBuiltinModule('node:perf_hooks')
    .monitorEventLoopDelay({ resolution: RESOLUTION });
  #utilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  /** @returns 99th percentile of the delay in milliseconds, and the busy share from 0 to 1; begins a new interval */
  read(): { delayP99: number; utilization: number } {
    const { utilization } = performance.eventLoopUtilization(this.#utilization);
    this.#utilization = performance.eventLoopUtilization();
    const p99 = this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / 1e6 - RESOLUTION;
    this.#delay.reset();
    return { delayP99: Math.max(0, p99), utilization };
  }

  stop(): void {
    this.#delay.disable();
  }
}
