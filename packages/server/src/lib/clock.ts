/**
 * Time as a dependency. Domain code receives `now` as an argument or a `Clock`; nothing else in the
 * product calls `Date.now`, `setTimeout` or `performance.now`.
 */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock in milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes backwards. */
  monotonic(): number;
  /** Runs `fn` once after `ms` milliseconds. The timer does not keep the process alive. */
  after(ms: number, fn: () => void): Timer;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

function sleepWith(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, Math.min(ms, 2_147_483_647));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  sleep: (ms, signal) => sleepWith(systemClock, ms, signal),
};

/** Keeps this process alive although no timer of the clock does. @returns a function that ends it */
export function keepAlive(): () => void {
  const handle = setInterval(() => undefined, 2_147_483_647);
  return () => clearInterval(handle);
}

interface Pending {
  due: number;
  order: number;
  fn: () => void;
}

/**
 * A clock that moves only when told to. `advance` runs the timers that fall due, in order of their
 * due time, and lets promise callbacks settle between them.
 */
export class FakeClock implements Clock {
  #wall: number;
  #mono = 0;
  #order = 0;
  #pending = new Set<Pending>();

  /** @param start wall clock at the beginning, milliseconds since the Unix epoch */
  constructor(start = Date.UTC(2026, 0, 5, 10)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#mono;
  }

  after(ms: number, fn: () => void): Timer {
    const entry: Pending = { due: this.#mono + Math.max(0, ms), order: this.#order++, fn };
    this.#pending.add(entry);
    return { cancel: () => this.#pending.delete(entry) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepWith(this, ms, signal);
  }

  /** Moves the wall clock alone, as an operator or NTP would. Timers are not affected. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Moves both clocks forward by `ms`, running due timers on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#pending.delete(next);
      this.#step(next.due);
      next.fn();
      await settle();
    }
    this.#step(end);
  }

  #step(to: number): void {
    this.#wall += to - this.#mono;
    this.#mono = to;
  }

  #next(end: number): Pending | undefined {
    let first: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.due > end) continue;
      if (!first || entry.due < first.due || (entry.due === first.due && entry.order < first.order)) first = entry;
    }
    return first;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
