import type { ChildProcess } from 'node:child_process';
import { backoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { random } from '../lib/random.ts';

export interface EngineExit {
  pid: number;
  /** Exit code, or null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** An engine that runs until it is stopped, across crashes of its process. */
export interface EngineHandle {
  /** Connection string; the same after a restart. */
  readonly url: string;
  /** Process number of the engine; undefined between a crash and the restart. */
  readonly pid: number | undefined;
  /** Stops the engine cleanly and gives its folder free. */
  stop(): Promise<void>;
  /** Calls `listener` whenever the process ends without having been asked to. @returns a function that ends it */
  onExit(listener: (exit: EngineExit) => void): () => void;
}

export interface SuperviseOptions {
  name: string;
  /** Starts the process; resolves when it is ready, rejects (leaving no process) when it cannot be. */
  launch(): Promise<ChildProcess>;
  /** Asks the process to end cleanly. */
  quit(child: ChildProcess): void;
  /** Resolves while the process is in order; without it only the end of the process is noticed. */
  probe?(child: ChildProcess): Promise<void>;
  /** Milliseconds until a process that was asked to end is killed. */
  grace: number;
  clock: Clock;
  log: Log;
}

const RESTART = { base: 200, cap: 30_000 };
/** Milliseconds after which a start counts as good and the next crash as the first. */
const STABLE = 60_000;

/** Milliseconds between two probes, and until one counts as failed. */
const PROBE_EVERY = 10_000;
const PROBE_LIMIT = 20_000;
/** Failed probes in a row after which a process is killed and started again. */
const PROBE_FAILURES = 3;

/** Keeps one child process alive. */
export class Supervisor {
  readonly #options: SuperviseOptions;
  readonly #listeners = new Set<(exit: EngineExit) => void>();
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #restarting: Promise<void> = Promise.resolve();
  #failures = 0;

  private constructor(options: SuperviseOptions) {
    this.#options = options;
  }

  /** Starts the process once; a failure of this first start is the caller's. */
  static async start(options: SuperviseOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options);
    supervisor.#adopt(await options.launch());
    return supervisor;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  onExit(listener: (exit: EngineExit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.#options.name} is stopping`));
    // A process that ends just as it is started begins another restart.
    for (let seen: unknown; seen !== this.#restarting; await seen) seen = this.#restarting;
    const child = this.#child;
    if (child) await endProcess(child, () => this.#options.quit(child), this.#options.grace, this.#options.clock);
  }

  #adopt(child: ChildProcess): void {
    const since = this.#options.clock.monotonic();
    this.#child = child;
    const onEnd = (code: number | null, signal: NodeJS.Signals | null) => {
      this.#child = undefined;
      if (this.#stopping.signal.aborted) return;
      if (this.#options.clock.monotonic() - since > STABLE) this.#failures = 0;
      const exit: EngineExit = { pid: child.pid ?? 0, code, signal };
      this.#options.log.error(`${this.#options.name} ended unexpectedly; starting it again`, { ...exit });
      for (const listener of this.#listeners) listener(exit);
      this.#restarting = this.#restart();
    };
    if (hasEnded(child)) onEnd(child.exitCode, child.signalCode);
    else child.once('exit', onEnd);
    void this.#watch(child);
  }

  /** Kills a process that lives but no longer answers; its end then starts another. */
  async #watch(child: ChildProcess): Promise<void> {
    const { probe, clock, log, name } = this.#options;
    if (!probe) return;
    let failures = 0;
    while (failures < PROBE_FAILURES) {
      await clock.sleep(PROBE_EVERY);
      if (hasEnded(child) || this.#stopping.signal.aborted) return;
      failures = (await answersInTime(probe(child), clock)) ? 0 : failures + 1;
    }
    if (hasEnded(child) || this.#stopping.signal.aborted) return;
    log.error(`${name} does not answer and is killed`, { pid: child.pid });
    child.kill('SIGKILL');
  }

  async #restart(): Promise<void> {
    const { clock, log, name } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await clock.sleep(backoff(this.#failures++, RESTART, random()), signal);
        this.#adopt(await this.#options.launch());
        return;
      } catch (error) {
        if (!signal.aborted) log.error(`${name} could not be started again`, { reason: messageOf(error) });
      }
    }
  }
}

function answersInTime(answer: Promise<void>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(PROBE_LIMIT, () => resolve(false));
    const settle = (inOrder: boolean) => {
      timer.cancel();
      resolve(inOrder);
    };
    answer.then(
      () => settle(true),
      () => settle(false),
    );
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Asks a process to end and waits; kills it after `grace` milliseconds. */
export async function endProcess(child: ChildProcess, quit: () => void, grace: number, clock: Clock): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timer = clock.after(grace, () => child.kill('SIGKILL'));
  quit();
  await ended;
  timer.cancel();
}
