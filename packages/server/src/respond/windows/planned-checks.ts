import type { Clock, Timer } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { covers, openAt, type Window } from './window.ts';
import type { Windows } from './windows.ts';

const READ_EVERY_MS = 5_000;

/** What identifies a monitor to windows. */
export interface PlannedMonitor {
  name: string;
  labels: Readonly<Record<string, string>>;
  environment: string | null;
}

/** Tells the prober, which asks at every check, whether work on a monitor is planned. Windows are read every 5 s. */
export class PlannedChecks {
  readonly #windows: Windows;
  readonly #clock: Clock;
  readonly #log: Log;
  #known: readonly Window[] = [];
  #timer: Timer | null = null;
  #stopped = false;

  constructor(windows: Windows, clock: Clock, log: Log) {
    this.#windows = windows;
    this.#clock = clock;
    this.#log = log;
  }

  /** Reads for the first time, then again and again. */
  async start(): Promise<void> {
    await this.refresh();
    if (!this.#stopped) this.#timer = this.#clock.after(READ_EVERY_MS, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Reads now. While the store is away what was known stays. */
  async refresh(): Promise<void> {
    try {
      const all = await this.#windows.read(this.#clock.now());
      this.#known = all.filter(({ kind }) => kind === 'maintenance');
    } catch (error) {
      this.#log.warn('Planned work could not be read', { reason: messageOf(error) });
    }
  }

  /** @param at ms since the epoch */
  covers({ name, labels, environment }: PlannedMonitor, at: number): boolean {
    const own = { ...(environment !== null && { environment }), ...labels, monitor: name };
    return this.#known.some((window) => covers(window, own) && openAt(window, at) !== null);
  }
}
