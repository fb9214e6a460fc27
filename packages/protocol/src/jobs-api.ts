export type JobRunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'skipped';

/** One run of a job. Times in ISO 8601. */
export interface JobRun {
  id: string;
  job: string;
  trigger: 'schedule' | 'catch_up' | 'retry' | 'manual';
  /** The scheduled instant; null when it was started by hand. */
  slot: string | null;
  status: JobRunStatus;
  /** Why it is as it is: `overlap`, `missed`, `waits for nightly-backup`, `cancelled by …`. */
  reason: string | null;
  by: string;
  attempt: number;
  options: Record<string, unknown>;
  queuedAt: string;
  startedAt: string | null;
  endedAt: string | null;
  durationMs: number | null;
  instance: string | null;
  /**
   * `total` is null when it is not known, `perSecond` null or absent while nobody can say. `what` begins with `bytes`
   * where bytes are counted.
   */
  progress: { done: number; total: number | null; what: string; perSecond?: number | null } | null;
  /** One sentence. */
  summary: string | null;
  detail: Record<string, unknown> | null;
  error: { code: string; message: string; hint?: string } | null;
}

/** An item of `GET /api/v1/jobs`. */
export interface JobItem {
  name: string;
  title: string;
  /** Cron expression; null for jobs that are only started by hand. */
  schedule: string | null;
  timeZone: string | null;
  /** Jobs of one group wait for each other. */
  group: string | null;
  nextRunAt: string | null;
  /** The newest run that began, or null. */
  lastRun: JobRun | null;
  /** The run that is queued or going on. */
  activeRun: JobRun | null;
  /** Median of recent good runs. */
  medianMs: number | null;
  /** A run is slow beyond this; null while there are too few. */
  slowAfterMs: number | null;
  problems: { code: 'failed' | 'missed' | 'late' | 'slow' | 'lost'; message: string; since: string }[];
}

/** `GET /api/v1/jobs/:name` */
export interface JobDetail extends JobItem {
  /** Newest first. */
  runs: JobRun[];
}

/** `GET /api/v1/jobs/runs/:id` */
export interface JobRunDetail extends JobRun {
  log: { at: string; text: string }[];
}
