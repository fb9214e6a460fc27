import { availableParallelism } from 'node:os';

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
