import type { CronSchedule } from '../../lib/cron.ts';

/** What a run is told and what it may ask for. */
export interface JobContext {
  runId: string;
  /** The scheduled instant, ms since the epoch; null when it was started by hand. */
  slot: number | null;
  /** Who started it: `schedule`, or the name of a person or token. */
  by: string;
  /** What the caller asked for, e.g. `{dryRun: true}`; empty when scheduled. */
  options: Readonly<Record<string, unknown>>;
  /** Aborts when somebody cancels the run, the platform stops, or another instance took it over. */
  signal: AbortSignal;
  /** Adds a line to the log of the run. */
  log(line: string): void;
  /** How far it is; `total` null when that is not known. */
  progress(done: number, total: number | null, what: string): void;
}

/** What a run leaves behind. */
export interface JobResult {
  /** One sentence. */
  summary: string;
  /** False when the run did its work and found a problem, which makes it a failed one. Default true. */
  ok?: boolean;
  detail?: Readonly<Record<string, unknown>>;
}

/** Work that the platform does by itself at set times. */
export interface Job {
  /** Stable and unique, in kebab-case. */
  name: string;
  /** What it does, as one sentence. */
  title: string;
  /** Null for jobs that are only started by hand. */
  schedule: CronSchedule | null;
  /** Jobs of one group never run at the same time: the later waits. Null = none. */
  group: string | null;
  /** What becomes of the newest slot that passed while no instance was there: it runs late, or it is missed. */
  catchUp: 'latest' | 'none';
  /** How often a run is begun that ends because its instance is gone. */
  attempts: number;
  run(context: JobContext): Promise<JobResult>;
}

/** Ends of runs and what is before them. `lost`: its instance is gone; `skipped`: it never began, see its reason. */
export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'skipped';

export type RunTrigger = 'schedule' | 'catch_up' | 'retry' | 'manual';

/** A run as it is stored. Times in ms since the epoch. */
export interface Run {
  id: string;
  job: string;
  trigger: RunTrigger;
  slot: number | null;
  status: RunStatus;
  /** Why it is as it is, where that needs saying: `overlap`, `missed`, `waits for backup`. */
  reason: string | null;
  by: string;
  attempt: number;
  options: Readonly<Record<string, unknown>>;
  queuedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  instance: string | null;
  /** `perSecond` is null, or absent, while nobody can say. */
  progress: { done: number; total: number | null; what: string; perSecond?: number | null } | null;
  summary: string | null;
  detail: Readonly<Record<string, unknown>> | null;
  error: { code: string; message: string; hint?: string } | null;
}
