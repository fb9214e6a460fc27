import { availableParallelism } from 'node:os';
import { field, type ReadText, readText } from './memory.ts';

/** What the process has used, and when it was asked. */
export interface Reading {
  /** CPU time of the process, microseconds. */
  cpu: number;
  /** Monotonic, milliseconds. */
  at: number;
}

function readNow(): Reading {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, at: performance.now() };
}

/** CPU time of this process over the interval between two readings. */
export class CpuMeter {
  readonly #read: () => Reading;
  #last: Reading;

  /** @param read replaced in tests */
  constructor(read: () => Reading = readNow) {
    this.#read = read;
    this.#last = read();
  }

  /** Milliseconds since the last reading. */
  get age(): number {
    return this.#read().at - this.#last.at;
  }

  /** Percent of all cores' time that the process used since the last call, and begins a new interval. */
  read(): number {
    const now = this.#read();
    const elapsed = now.at - this.#last.at;
    const used = (now.cpu - this.#last.cpu) / 1000;
    this.#last = now;
    return elapsed <= 0 ? 0 : Math.min(100, (100 * used) / elapsed / availableParallelism());
  }
}

/** How often the container had used up its quota of CPU time and had to wait, over the interval between two readings. */
export class ThrottleMeter {
  readonly #read: ReadText;
  #last: { periods: number; throttled: number } | undefined;

  /** @param read replaced in tests */
  constructor(read: ReadText = readText) {
    this.#read = read;
    this.#last = this.#count();
  }

  /** Percent of the periods since the last call in which it waited, and begins a new interval. @returns undefined without a quota */
  read(): number | undefined {
    const last = this.#last;
    const now = this.#count();
    this.#last = now;
    if (now === undefined || last === undefined) return undefined;
    const periods = now.periods - last.periods;
    return periods <= 0 ? 0 : (100 * (now.throttled - last.throttled)) / periods;
  }

  #count() {
    // The first is where cgroups are of version 2.
    const text = this.#read('/sys/fs/cgroup/cpu.stat') ?? this.#read('/sys/fs/cgroup/cpu/cpu.stat');
    const periods = field(text, 'nr_periods');
    const throttled = field(text, 'nr_throttled');
    return periods ? { periods, throttled: throttled ?? 0 } : undefined;
  }
}
