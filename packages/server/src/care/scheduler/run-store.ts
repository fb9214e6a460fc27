import type { Db, Queryable } from '../../lib/db.ts';
import type { JobResult, Run, RunStatus } from './job.ts';

/** Serialises decisions of all instances on one state store. */
const DECIDE_LOCK = 7_301_455;

const COLUMNS = `id, job, trigger, extract(epoch FROM slot)::float8 * 1000 AS slot, status, reason, requested_by AS by, attempt,
  options, extract(epoch FROM queued_at)::float8 * 1000 AS "queuedAt", extract(epoch FROM started_at)::float8 * 1000 AS "startedAt",
  extract(epoch FROM ended_at)::float8 * 1000 AS "endedAt", instance, progress, summary, detail, error`;

/** A line of the log of a run. */
export interface LogLine {
  /** Ms since the epoch. */
  at: number;
  text: string;
}

/** Runs `decide` while no other instance decides. */
export function deciding<T>(db: Db, decide: (tx: Queryable) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [DECIDE_LOCK]);
    return decide(tx);
  });
}

export function readRuns(tx: Queryable, job: string, limit: number): Promise<Run[]> {
  return tx.query<Run>(`SELECT ${COLUMNS} FROM job_runs WHERE job = $1 ORDER BY queued_at DESC, id DESC LIMIT $2`, [
    job,
    limit,
  ]);
}

/** The newest `limit` runs of every job, newest first. */
export function readRecentRuns(tx: Queryable, limit: number): Promise<Run[]> {
  return tx.query<Run>(
    `SELECT ${COLUMNS} FROM (
       SELECT *, row_number() OVER (PARTITION BY job ORDER BY queued_at DESC, id DESC) AS place FROM job_runs
     ) ranked WHERE place <= $1 ORDER BY queued_at DESC, id DESC`,
    [limit],
  );
}

/** The runs that were queued in `[from, to)`, ms since the epoch, newest first. */
export function runsBetween(tx: Queryable, from: number, to: number): Promise<Run[]> {
  return tx.query<Run>(
    `SELECT ${COLUMNS} FROM job_runs WHERE queued_at >= $1 AND queued_at < $2 ORDER BY queued_at DESC, id DESC LIMIT 50000`,
    [new Date(from), new Date(to)],
  );
}

export async function readRun(tx: Queryable, id: string): Promise<Run | undefined> {
  const [run] = await tx.query<Run>(`SELECT ${COLUMNS} FROM job_runs WHERE id = $1`, [id]);
  return run;
}

export function readLog(tx: Queryable, id: string): Promise<LogLine[]> {
  return tx.query<LogLine>(
    'SELECT extract(epoch FROM at)::float8 * 1000 AS at, text FROM job_log WHERE run_id = $1 ORDER BY line',
    [id],
  );
}

export function readUnfinished(tx: Queryable): Promise<Run[]> {
  return tx.query<Run>(
    `SELECT ${COLUMNS} FROM job_runs WHERE status IN ('queued', 'running') ORDER BY coalesce(slot, queued_at), queued_at, job`,
  );
}

/** Adds a run; one that exists for its slot and attempt stays as it is. */
export async function insertRun(
  tx: Queryable,
  run: Pick<Run, 'id' | 'job' | 'trigger' | 'slot' | 'status' | 'reason' | 'by' | 'attempt' | 'options' | 'queuedAt'>,
): Promise<void> {
  await tx.query(
    `INSERT INTO job_runs (id, job, trigger, slot, status, reason, requested_by, attempt, options, queued_at, ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $5 = 'skipped' THEN $10::timestamptz END)
     ON CONFLICT DO NOTHING`,
    [
      run.id,
      run.job,
      run.trigger,
      run.slot === null ? null : new Date(run.slot),
      run.status,
      run.reason,
      run.by,
      run.attempt,
      run.options,
      new Date(run.queuedAt),
    ],
  );
}

export async function setReason(tx: Queryable, id: string, reason: string | null): Promise<void> {
  await tx.query('UPDATE job_runs SET reason = $2 WHERE id = $1 AND reason IS DISTINCT FROM $2', [id, reason]);
}

export async function markRunning(tx: Queryable, id: string, instance: string, now: number): Promise<void> {
  await tx.query(
    `UPDATE job_runs SET status = 'running', reason = NULL, started_at = $3, beat_at = $3, instance = $2 WHERE id = $1`,
    [id, instance, new Date(now)],
  );
}

/**
 * Runs of others that gave no sign of life since `before`, and those that this instance began in a former life.
 * @param context.mine runs that go on in this process: it knows better than their last sign of life
 */
export function takeLost(
  tx: Queryable,
  context: { before: number; now: number; instance: string; mine: readonly string[] },
): Promise<Run[]> {
  return tx.query<Run>(
    `UPDATE job_runs SET status = 'lost', ended_at = $2, reason = 'the instance that ran it is gone'
     WHERE status = 'running' AND id <> ALL ($4::text[]) AND (beat_at < $1 OR instance = $3)
     RETURNING ${COLUMNS}`,
    [new Date(context.before), new Date(context.now), context.instance, context.mine],
  );
}

/** A sign of life. Gives who cancelled the run, or undefined when it is no longer this instance's. */
export async function beat(
  db: Db,
  run: { id: string; instance: string; now: number; progress: Run['progress']; lines: readonly LogLine[] },
): Promise<{ cancelledBy: string | null } | undefined> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ cancelledBy: string | null }>(
      `UPDATE job_runs SET beat_at = $3, progress = $4 WHERE id = $1 AND instance = $2 AND status = 'running'
       RETURNING cancelled_by AS "cancelledBy"`,
      [run.id, run.instance, new Date(run.now), run.progress],
    );
    if (row) await appendLog(tx, run.id, run.lines);
    return row;
  });
}

/** Ends a run that is still this instance's. */
export async function endRun(
  db: Db,
  run: {
    id: string;
    instance: string;
    now: number;
    status: Extract<RunStatus, 'succeeded' | 'failed' | 'cancelled'>;
    reason: string | null;
    result: JobResult | null;
    error: Run['error'];
    progress: Run['progress'];
    lines: readonly LogLine[];
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE job_runs SET status = $3, ended_at = $4, reason = $5, summary = $6, detail = $7, error = $8, progress = $9
       WHERE id = $1 AND instance = $2 AND status = 'running' RETURNING id`,
      [
        run.id,
        run.instance,
        run.status,
        new Date(run.now),
        run.reason,
        run.result?.summary ?? null,
        run.result?.detail ?? null,
        run.error,
        run.progress,
      ],
    );
    if (rows.length > 0) await appendLog(tx, run.id, run.lines);
  });
}

async function appendLog(tx: Queryable, id: string, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(
    `INSERT INTO job_log (run_id, at, text) SELECT $1, to_timestamp(at / 1000.0), text
     FROM unnest($2::float8[], $3::text[]) WITH ORDINALITY AS given (at, text, place) ORDER BY place`,
    [id, lines.map(({ at }) => at), lines.map(({ text }) => text)],
  );
}

/** When the slots of each job were last decided. Jobs that are new begin at `now`. */
export async function readSchedules(tx: Queryable, jobs: readonly string[], now: number): Promise<Map<string, number>> {
  await tx.query('INSERT INTO job_schedules (job, decided_to) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING', [
    jobs,
    new Date(now),
  ]);
  const rows = await tx.query<{ job: string; at: number }>(
    'SELECT job, extract(epoch FROM decided_to)::float8 * 1000 AS at FROM job_schedules WHERE job = ANY ($1)',
    [jobs],
  );
  return new Map(rows.map(({ job, at }) => [job, at]));
}

/** Notes that slots up to `now` are decided; time that went back does not decide them again. */
export async function saveSchedule(tx: Queryable, job: string, now: number, missed: number): Promise<void> {
  await tx.query(
    `UPDATE job_schedules SET decided_to = greatest(decided_to, $2), missed_total = missed_total + $3 WHERE job = $1`,
    [job, new Date(now), missed],
  );
}

/** Forgets runs that ended before `before`; the newest `keep` of each job stay. */
export async function pruneRuns(tx: Queryable, before: number, keep: number): Promise<void> {
  await tx.query(
    `DELETE FROM job_runs WHERE ended_at < $1 AND id NOT IN (
       SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY job ORDER BY queued_at DESC) AS place FROM job_runs) r
       WHERE place <= $2)`,
    [new Date(before), keep],
  );
}
