import type { Clock } from '../../lib/clock.ts';
import { nextTick } from '../../lib/cron.ts';
import type { Db, Queryable } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import { uuidv7 } from '../../lib/random.ts';
import { admit } from './admit.ts';
import { decideSlots } from './decide-slots.ts';
import { Execution } from './execution.ts';
import type { Job, Run } from './job.ts';
import { type JobProblem, problemsOf } from './problems.ts';
import {
  deciding,
  insertRun,
  type LogLine,
  markRunning,
  pruneRuns,
  readLog,
  readRecentRuns,
  readRun,
  readRuns,
  readSchedules,
  readUnfinished,
  runsBetween,
  saveSchedule,
  setReason,
  takeLost,
} from './run-store.ts';

/** A run without a sign of life for so long is lost, ms. */
const LOST_AFTER_MS = 60_000;
const POLL_MS = 1_000;
const RETRY_MS = 2_000;
const PRUNE_EVERY_MS = 3_600_000;
const LOOK_EVERY_MS = 15_000;
const KEEP_MS = 400 * 86_400_000;
const KEEP_RUNS = 100;
/** How many jobs one instance does at a time. */
const ROOM = 3;
const RECENT = 20;

export type WriteAudit = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

export interface SchedulerDeps {
  db: Db;
  /** The jobs of the configuration as it is now. */
  jobs(): readonly Job[];
  /** Name of this instance, the same after a restart. */
  instance: string;
  clock: Clock;
  /** Time as all instances agree on it, ms since the epoch. */
  now(): Promise<number>;
  audit: WriteAudit;
  log: Log;
  /** True = other instances do the jobs; what is started by hand here waits for one of them. */
  elsewhere?: boolean;
}

/** A job with what is known of it. */
export interface JobState {
  job: Job;
  /** Ms since the epoch; null when it is only started by hand. */
  nextAt: number | null;
  /** Newest first. */
  runs: readonly Run[];
  problems: readonly JobProblem[];
}

/**
 * Runs jobs at their times, each slot once, whatever instances share the state store. Slots are decided and runs are
 * begun under one lock; a run lives as long as its instance gives signs of life.
 */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #loop: Loop;
  readonly #executions = new Map<string, Execution>();
  #scheduling = false;
  #pruneAt = 0;
  #lookAt = 0;
  #seen: readonly JobProblem[] = [];

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#loop = new Loop(
      deps.clock,
      () => this.#round(),
      (error, failures) => {
        if (failures % 30 === 1)
          deps.log.error('jobs cannot be scheduled; trying on', { error: messageOf(error), failures });
        return RETRY_MS;
      },
    );
  }

  /** Begins to run jobs by their schedules. */
  start(): void {
    this.#scheduling = true;
    this.#loop.start();
  }

  /** Ends what runs; it is begun again by the next instance that can. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    for (const execution of this.#executions.values()) execution.stop();
    await Promise.all([...this.#executions.values()].map(({ done }) => done));
  }

  /**
   * Starts a job by hand.
   * @returns the run, which may still wait for another job
   * @throws YumOpsError `unknown_job` (404), `job_active` (409)
   */
  async runNow(name: string, by: string, options: Run['options'] = {}): Promise<Run> {
    this.#jobOf(name);
    const now = await this.#deps.now();
    const run = await deciding(this.#deps.db, async (tx) => {
      const active = (await readUnfinished(tx)).find(({ job }) => job === name);
      if (active) {
        const message = `${name} is ${active.status} already (run ${active.id}).`;
        throw new YumOpsError('job_active', message, { hint: 'Wait for it, or cancel it.', status: 409 });
      }
      const id = uuidv7(now);
      const base = { id, job: name, trigger: 'manual', slot: null, status: 'queued', reason: null } as const;
      await insertRun(tx, { ...base, by, attempt: 1, options, queuedAt: now });
      await this.#deps.audit(tx, {
        at: now,
        actor: by,
        action: 'job.run',
        target: name,
        detail: { run: id, ...options },
      });
      return (await readRun(tx, id)) as Run;
    });
    if (this.#scheduling) this.#loop.wake();
    else if (this.#deps.elsewhere !== true) await this.#begin(now);
    return run;
  }

  /**
   * Asks a run to end.
   * @throws YumOpsError `unknown_run` (404), `run_over` (409)
   */
  async cancel(id: string, by: string): Promise<void> {
    const now = await this.#deps.now();
    await deciding(this.#deps.db, async (tx) => {
      const run = await readRun(tx, id);
      if (!run) throw unknownRun(id);
      if (run.status !== 'queued' && run.status !== 'running') {
        throw new YumOpsError('run_over', `Run ${id} of ${run.job} is over: ${run.status}.`, { status: 409 });
      }
      await tx.query(
        `UPDATE job_runs SET cancelled_by = $2,
           status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
           ended_at = CASE status WHEN 'queued' THEN $3::timestamptz END
         WHERE id = $1`,
        [id, by, new Date(now)],
      );
      await this.#deps.audit(tx, { at: now, actor: by, action: 'job.cancel', target: run.job, detail: { run: id } });
    });
  }

  /** Every job with its newest runs. */
  async list(): Promise<JobState[]> {
    const now = await this.#deps.now();
    const runs = await readRecentRuns(this.#deps.db, RECENT);
    const runsOf = (name: string) => runs.filter(({ job }) => job === name);
    return this.#deps.jobs().map((job) => stateOf(job, runsOf(job.name), now));
  }

  /** One job with up to `limit` runs. @throws YumOpsError `unknown_job` (404) */
  async detail(name: string, limit = 100): Promise<JobState> {
    const job = this.#jobOf(name);
    const now = await this.#deps.now();
    return stateOf(job, await readRuns(this.#deps.db, name, limit), now);
  }

  /** The runs of all jobs that were queued in `[from, to)`, ms since the epoch, newest first. */
  runsBetween(from: number, to: number): Promise<Run[]> {
    return runsBetween(this.#deps.db, from, to);
  }

  /** A run and its log. @throws YumOpsError `unknown_run` (404) */
  async run(id: string): Promise<{ run: Run; log: LogLine[] }> {
    const run = await readRun(this.#deps.db, id);
    if (!run) throw unknownRun(id);
    return { run, log: await readLog(this.#deps.db, id) };
  }

  /** What was wrong with jobs when the schedule last looked, a quarter of a minute ago at most. */
  seenProblems(): readonly JobProblem[] {
    return this.#seen;
  }

  /** What is wrong with jobs now. */
  async problems(): Promise<JobProblem[]> {
    return (await this.list()).flatMap(({ problems }) => problems);
  }

  #jobOf(name: string): Job {
    const job = this.#deps.jobs().find((one) => one.name === name);
    if (job) return job;
    throw new YumOpsError('unknown_job', `There is no job "${name}".`, { hint: 'See `yumops job list`.', status: 404 });
  }

  /** Decides what is due, begins what may begin. @returns ms until it wants to be called again */
  async #round(): Promise<number> {
    const now = await this.#deps.now();
    await this.#decide(now);
    await this.#begin(now);
    if (now >= this.#pruneAt) {
      this.#pruneAt = now + PRUNE_EVERY_MS;
      await pruneRuns(this.#deps.db, now - KEEP_MS, KEEP_RUNS);
    }
    if (now >= this.#lookAt) {
      this.#lookAt = now + LOOK_EVERY_MS;
      this.#seen = await this.problems();
    }
    return POLL_MS;
  }

  async #decide(now: number): Promise<void> {
    const { db } = this.#deps;
    const jobs = this.#deps.jobs().filter(({ schedule }) => schedule !== null);
    await deciding(db, async (tx) => {
      await this.#retryLost(tx, now);
      const decidedTo = await readSchedules(
        tx,
        jobs.map(({ name }) => name),
        now,
      );
      const active = new Set((await readUnfinished(tx)).map(({ job }) => job));
      for (const job of jobs) {
        const from = decidedTo.get(job.name) ?? now;
        if ((job.schedule && (nextTick(job.schedule, from) ?? now + 1) > now) || from >= now) continue;
        await this.#decideJob(tx, job, { decidedTo: from, active: active.has(job.name) }, now);
      }
    });
  }

  async #decideJob(tx: Queryable, job: Job, state: { decidedTo: number; active: boolean }, now: number): Promise<void> {
    const { decisions, uncounted } = decideSlots(job, state, now);
    for (const { slot, become } of decisions) {
      const skipped = become === 'missed' || become === 'overlap';
      await insertRun(tx, {
        ...{ id: uuidv7(now), job: job.name, slot, by: 'schedule', attempt: 1, options: {}, queuedAt: now },
        trigger: become === 'catch_up' ? 'catch_up' : 'schedule',
        status: skipped ? 'skipped' : 'queued',
        reason: skipped ? become : null,
      });
    }
    await saveSchedule(tx, job.name, now, uncounted + decisions.filter(({ become }) => become === 'missed').length);
  }

  async #retryLost(tx: Queryable, now: number): Promise<void> {
    const { instance } = this.#deps;
    const mine = [...this.#executions.keys()];
    const lost = await takeLost(tx, { before: now - LOST_AFTER_MS, now, instance, mine });
    for (const run of lost) await this.#retry(tx, run, now);
  }

  async #retry(tx: Queryable, run: Run, now: number): Promise<void> {
    const job = this.#deps.jobs().find(({ name }) => name === run.job);
    if (!job || run.attempt >= job.attempts) return;
    const attempt = run.attempt + 1;
    const { slot, by, options } = run;
    const base = { id: uuidv7(now), job: run.job, trigger: 'retry', status: 'queued', reason: null } as const;
    await insertRun(tx, { ...base, slot, by, options, attempt, queuedAt: now });
  }

  async #begin(now: number): Promise<void> {
    const jobs = new Map(this.#deps.jobs().map((job) => [job.name, job]));
    const started = await deciding(this.#deps.db, async (tx) => {
      const unfinished = await readUnfinished(tx);
      const queued = unfinished.filter(({ status, job }) => status === 'queued' && jobs.has(job));
      if (queued.length === 0) return [];
      const running = unfinished.filter(({ status }) => status === 'running');
      const { start, waiting } = admit(
        queued,
        running,
        (name) => jobs.get(name)?.group ?? null,
        ROOM - this.#executions.size,
      );
      for (const run of queued) {
        const blocker = waiting.get(run.id);
        await setReason(tx, run.id, blocker === undefined ? null : `waits for ${blocker}`);
      }
      for (const run of start) await markRunning(tx, run.id, this.#deps.instance, now);
      return start;
    });
    for (const run of started) this.#execute(jobs.get(run.job) as Job, { ...run, startedAt: now });
  }

  #execute(job: Job, run: Run): void {
    const execution = new Execution(job, run, this.#deps);
    this.#executions.set(run.id, execution);
    void execution.done.then(() => {
      this.#executions.delete(run.id);
      if (this.#scheduling) this.#loop.wake();
    });
  }
}

function stateOf(job: Job, runs: readonly Run[], now: number): JobState {
  const nextAt = job.schedule === null ? null : nextTick(job.schedule, now);
  return { job, nextAt, runs, problems: problemsOf(job.name, runs, now) };
}

function unknownRun(id: string): YumOpsError {
  return new YumOpsError('unknown_run', `There is no run ${id}.`, { hint: 'See `yumops job show JOB`.', status: 404 });
}
