import type { Clock, Timer } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Pace } from '../../lib/pace.ts';
import type { Job, Run } from './job.ts';
import { beat, endRun, type LogLine } from './run-store.ts';

/** Signs of life come so often, ms; they carry progress and log. */
export const BEAT_MS = 2_000;
const LINES_AT_MOST = 5_000;

/** Why a run is ended from outside. */
type Ending = { kind: 'cancelled'; by: string } | { kind: 'stopping' } | { kind: 'taken' };

export interface ExecutionDeps {
  db: Db;
  clock: Clock;
  /** Time as all instances agree on it, ms since the epoch. */
  now(): Promise<number>;
  instance: string;
  log: Log;
}

/** One run of a job, going on in this process. */
export class Execution {
  readonly run: Run;
  /** Resolves when the end is stored, or cannot be; it never rejects. */
  readonly done: Promise<void>;
  readonly #deps: ExecutionDeps;
  readonly #abort = new AbortController();
  #ending: Ending | undefined;
  #lines: LogLine[] = [];
  #linesKept = 0;
  #progress: Run['progress'] = null;
  readonly #pace = new Pace();
  #timer: Timer | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(job: Job, run: Run, deps: ExecutionDeps) {
    this.run = run;
    this.#deps = deps;
    this.#beatLater();
    this.done = this.#perform(job);
  }

  /** Ends the run; the platform stops. */
  stop(): void {
    this.#end({ kind: 'stopping' });
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#abort.abort(new YumOpsError('job_ended', reasonOf(this.#ending)));
  }

  async #perform(job: Job): Promise<void> {
    const end = await this.#attempt(job);
    this.#timer?.cancel();
    await this.#beating;
    // An end that the instance's own end brought about stays open: whoever finds the run begins it again.
    if (end === undefined) return this.#beat();
    const { db, instance, log } = this.#deps;
    const { id } = this.run;
    try {
      const now = await this.#deps.now();
      await endRun(db, { id, instance, now, ...end, progress: this.#progress, lines: this.#lines });
    } catch (error) {
      log.error('the end of a job could not be stored; it will count as lost', {
        job: job.name,
        error: messageOf(error),
      });
    }
  }

  async #attempt(job: Job) {
    try {
      const result = await job.run({
        runId: this.run.id,
        slot: this.run.slot,
        by: this.run.by,
        options: this.run.options,
        signal: this.#abort.signal,
        log: (line) => this.#addLine(line),
        progress: (done, total, what) => {
          const perSecond = this.#pace.perSecond(done, what, this.#deps.clock.monotonic());
          this.#progress = { done, total, what, perSecond };
        },
      });
      if (result.ok !== false) return { status: 'succeeded' as const, reason: null, result, error: null };
      // What it left undone, it left since somebody ended it.
      const ending = this.#ending;
      if (ending?.kind === 'cancelled') {
        return { status: 'cancelled' as const, reason: reasonOf(ending), result, error: null };
      }
      return { status: 'failed' as const, reason: null, result, error: null };
    } catch (error) {
      return this.#failure(problemOf(error));
    }
  }

  #failure(error: NonNullable<Run['error']>) {
    const ending = this.#ending;
    if (!ending) return { status: 'failed' as const, reason: null, result: null, error };
    if (ending.kind !== 'cancelled') return undefined;
    return { status: 'cancelled' as const, reason: reasonOf(ending), result: null, error };
  }

  #addLine(text: string): void {
    this.#linesKept += 1;
    if (this.#linesKept > LINES_AT_MOST) return;
    const last = this.#linesKept === LINES_AT_MOST;
    this.#lines.push({ at: this.#deps.clock.now(), text: last ? 'Further lines are not kept.' : text });
  }

  #beatLater(): void {
    this.#timer = this.#deps.clock.after(BEAT_MS, () => {
      this.#beating = this.#beat().then(() => {
        if (!this.#ending || this.#ending.kind === 'cancelled') this.#beatLater();
      });
    });
  }

  async #beat(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    try {
      const now = await this.#deps.now();
      const { instance } = this.#deps;
      const known = await beat(this.#deps.db, { id: this.run.id, instance, now, progress: this.#progress, lines });
      if (!known) this.#end({ kind: 'taken' });
      else if (known.cancelledBy !== null) this.#end({ kind: 'cancelled', by: known.cancelledBy });
    } catch (error) {
      this.#lines = [...lines, ...this.#lines];
      this.#deps.log.warn('a job could not give a sign of life', { job: this.run.job, error: messageOf(error) });
    }
  }
}

function reasonOf(ending: Ending): string {
  if (ending.kind === 'cancelled') return `cancelled by ${ending.by}`;
  return ending.kind === 'stopping' ? 'the platform stopped' : 'another instance took it over';
}

function problemOf(error: unknown): NonNullable<Run['error']> {
  if (error instanceof YumOpsError) return error.toProblem();
  return { code: 'job_failed', message: messageOf(error) };
}
