import type { Clock, Timer } from '../../lib/clock.ts';
import { DueQueue } from './due-queue.ts';
import { firstDue, type Grid, gridOf, nextDue } from './grid.ts';

/** What the prober must know of a monitor. */
export interface Probed {
  id: string;
  intervalMs: number;
}

/** What a check tells the prober. */
export interface ProbeOutcome {
  /** Check again after so long if that comes before the next slot. */
  recheckInMs: number | null;
  /** The check ran into its timeout: the target may hang again. */
  hung: boolean;
}

export interface ProberOptions<Monitor extends Probed> {
  clock: Clock;
  /** Makes one check. It must settle; a rejection is passed to `onError`. */
  probe(monitor: Monitor): Promise<ProbeOutcome>;
  onError(monitor: Monitor, error: unknown): void;
  /** Most checks at a time, default 1,000. Targets that hung the last time get half of them. */
  concurrency?: number;
}

export interface ProberStats {
  monitors: number;
  running: number;
  /** Due, but waiting for a place. */
  waiting: number;
  /** How late the most overdue monitor is that does not run, milliseconds; 0 when none is. */
  overdueMs: number;
}

interface Entry<Monitor extends Probed> {
  monitor: Monitor;
  grid: Grid;
  dueAt: number;
  hung: boolean;
  running: boolean;
  /** To be checked once more as soon as the check that runs has ended. */
  again: boolean;
  /** True once the monitor was replaced or removed: the entry is then passed over. */
  stale: boolean;
}

/**
 * Checks each monitor on a grid of its own that no delay can shift. One timer serves them all. A monitor never runs
 * twice at a time, and targets that hang cannot take the places of the others.
 */
export class Prober<Monitor extends Probed> {
  readonly #options: ProberOptions<Monitor>;
  readonly #concurrency: number;
  readonly #entries = new Map<string, Entry<Monitor>>();
  readonly #agenda = new DueQueue<Entry<Monitor>>();
  readonly #waiting: { prompt: Entry<Monitor>[]; hung: Entry<Monitor>[] } = { prompt: [], hung: [] };
  readonly #running = new Set<Promise<void>>();
  /** The check of each monitor that runs now. */
  readonly #runs = new Map<string, Promise<void>>();
  #runningHung = 0;
  #timer: { at: number; timer: Timer } | undefined;

  constructor(options: ProberOptions<Monitor>) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 1_000;
  }

  /**
   * Replaces the monitors. One whose interval did not change keeps its grid.
   * @param dueIn milliseconds until a monitor that is new here is due, where its rhythm is known from elsewhere
   */
  set(monitors: readonly Monitor[], dueIn: (id: string) => number | undefined = () => undefined): void {
    const now = this.#options.clock.monotonic();
    const wanted = new Set(monitors.map(({ id }) => id));
    for (const [id, entry] of this.#entries) {
      if (!wanted.has(id)) this.#drop(id, entry);
    }
    const fresh = monitors.filter((monitor) => !this.#refresh(monitor));
    for (const monitor of fresh) this.#take(monitor, now, fresh.length, dueIn(monitor.id));
    this.#arm();
  }

  /** When the monitor would be checked next after a check that ends now, on the monotonic clock. */
  plan(id: string, recheckInMs: number | null): number | undefined {
    const entry = this.#entries.get(id);
    return entry && nextDue(entry.grid, this.#options.clock.monotonic(), recheckInMs);
  }

  /** Checks a monitor at once, out of turn; its grid stays. */
  checkNow(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.running) {
      if (entry) entry.again = true;
      return;
    }
    entry.stale = true;
    const urgent = { ...entry, stale: false, dueAt: this.#options.clock.monotonic() };
    this.#entries.set(id, urgent);
    this.#agenda.add(urgent);
    this.#arm();
  }

  stats(): ProberStats {
    const now = this.#options.clock.monotonic();
    const waiting = [...this.#waiting.prompt, ...this.#waiting.hung];
    const earliest = waiting.reduce((least, { dueAt }) => Math.min(least, dueAt), this.#agenda.peek()?.dueAt ?? now);
    return {
      monitors: this.#entries.size,
      running: this.#running.size,
      waiting: waiting.length,
      overdueMs: Math.max(0, now - earliest),
    };
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Ids of the monitors whose checks run now, with the ends of the checks. */
  running(): ReadonlyMap<string, Promise<void>> {
    return this.#runs;
  }

  /** Starts no more checks and waits for those that run. */
  async stop(): Promise<void> {
    for (const [id, entry] of this.#entries) this.#drop(id, entry);
    this.#agenda.clear();
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    await Promise.all(this.#running);
  }

  #drop(id: string, entry: Entry<Monitor>): void {
    entry.stale = true;
    this.#entries.delete(id);
  }

  /** @returns whether the monitor could take the place of the one before it, rhythm and all */
  #refresh(monitor: Monitor): boolean {
    const entry = this.#entries.get(monitor.id);
    if (entry?.monitor.intervalMs !== monitor.intervalMs) return false;
    entry.monitor = monitor;
    return true;
  }

  #take(monitor: Monitor, now: number, together: number, dueIn: number | undefined): void {
    const previous = this.#entries.get(monitor.id);
    if (previous) previous.stale = true;
    const { id, intervalMs } = monitor;
    const goesOn = dueIn !== undefined && dueIn > 0 && dueIn <= intervalMs;
    const entry: Entry<Monitor> = {
      monitor,
      grid: goesOn ? { anchorMs: now + dueIn, intervalMs } : gridOf(id, intervalMs, now),
      dueAt: goesOn ? now + dueIn : firstDue(id, intervalMs, now, together),
      hung: previous?.hung ?? false,
      running: false,
      again: false,
      stale: false,
    };
    this.#entries.set(monitor.id, entry);
    this.#agenda.add(entry);
  }

  #arm(): void {
    const next = this.#agenda.peek();
    if (!next || (this.#timer && this.#timer.at <= next.dueAt)) return;
    this.#timer?.timer.cancel();
    const delay = Math.max(0, Math.ceil(next.dueAt - this.#options.clock.monotonic()));
    this.#timer = { at: next.dueAt, timer: this.#options.clock.after(delay, () => this.#tick()) };
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#options.clock.monotonic();
    for (let entry = this.#agenda.peek(); entry && entry.dueAt <= now; entry = this.#agenda.peek()) {
      this.#agenda.take();
      this.#waiting[entry.hung ? 'hung' : 'prompt'].push(entry);
    }
    this.#admit();
    this.#arm();
  }

  #admit(): void {
    while (this.#running.size < this.#concurrency) {
      const entry = this.#nextWaiting();
      if (!entry) return;
      if (!entry.stale) this.#start(entry);
    }
  }

  #nextWaiting(): Entry<Monitor> | undefined {
    const prompt = this.#waiting.prompt.shift();
    if (prompt || this.#runningHung >= this.#concurrency / 2) return prompt;
    return this.#waiting.hung.shift();
  }

  #start(entry: Entry<Monitor>): void {
    entry.running = true;
    const wasHung = entry.hung;
    if (wasHung) this.#runningHung += 1;
    const run = this.#check(entry).finally(() => {
      entry.running = false;
      if (wasHung) this.#runningHung -= 1;
      this.#running.delete(run);
      if (this.#runs.get(entry.monitor.id) === run) this.#runs.delete(entry.monitor.id);
      if (!entry.stale) this.#agenda.add(entry);
      this.#admit();
      this.#arm();
    });
    this.#running.add(run);
    this.#runs.set(entry.monitor.id, run);
  }

  async #check(entry: Entry<Monitor>): Promise<void> {
    let outcome: ProbeOutcome = { recheckInMs: null, hung: false };
    try {
      outcome = await this.#options.probe(entry.monitor);
    } catch (error) {
      this.#options.onError(entry.monitor, error);
    }
    entry.hung = outcome.hung;
    const recheckInMs = entry.again ? 0 : outcome.recheckInMs;
    entry.again = false;
    entry.dueAt = nextDue(entry.grid, this.#options.clock.monotonic(), recheckInMs);
  }
}
