import type { Repository } from '../../care/backup/index.ts';
import { copyRest } from '../../care/backup/physical/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { lockUntilOf } from './copy.ts';

/** Milliseconds between two rounds: how much older the second destination may be, besides what it takes. */
const EVERY = 60_000;

/** Where log is copied to. */
export interface LogDestination {
  open(): Promise<Repository>;
  /** Milliseconds for which it is locked there, and at most; null = not at all. */
  lockMs: number | null;
  pitrWindowMs: number;
}

interface CopierDeps {
  name: string;
  from: () => Promise<Repository>;
  to: LogDestination;
  /** Whether this process receives the log; others leave the copying to it. */
  isOurs: () => boolean;
  clock: Clock;
  log: Log;
}

/** Copies archived log to the second destination, round by round. */
export class LogCopier {
  readonly #deps: CopierDeps;
  readonly #ended = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #problem: { since: number; message: string } | null = null;

  constructor(deps: CopierDeps) {
    this.#deps = deps;
  }

  /** What keeps the log from the second destination, and since when (ms since the epoch); null = nothing. */
  get problem(): { since: number; message: string } | null {
    return this.#problem;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, isOurs } = this.#deps;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await clock.sleep(EVERY, signal).catch(() => undefined);
      if (!signal.aborted && isOurs()) await this.#round(signal);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { from, to, name, clock, log } = this.#deps;
    try {
      const target = await to.open();
      try {
        const lockUntil = lockUntilOf({ to: target, clock, lockMs: to.lockMs }, to.pitrWindowMs);
        await copyRest(await from(), target, signal, { lockUntil });
      } finally {
        target.store.close();
      }
      this.#problem = null;
    } catch (error) {
      if (signal.aborted) return;
      const message = messageOf(error);
      if (message !== this.#problem?.message)
        log.error('Log does not reach the second destination', { name, problem: message });
      this.#problem = { since: this.#problem?.since ?? clock.now(), message };
    }
  }
}
