import type {
  ActionItem,
  MaintenanceProgress,
  MaintenanceRunDetail,
  MaintenanceRunItem as RunItem,
} from '@yumops/protocol';
import type { Db, Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { Remark } from '../finding.ts';
import type { ActionResult } from './action.ts';
import type { MaintenanceLedger, Pause, RunStart, RunStatus } from './ledger.ts';

/** Writes a row of the audit log in the transaction of the change. */
export type WriteAudit = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

/**
 * A runner that was not heard of for so long is gone. By the clock of the state store alone: those of two instances may
 * lie further apart than that.
 */
const HEARD_SINCE = "now() - interval '30 seconds'";
const WITHOUT_A_WORD = 'Whoever ran it ended without a word. The next run goes on from there.';

const ITEM = `
  SELECT r.id, r.database, r.tasks, r.trigger, r.started_by AS "startedBy", r.started_at AS "startedAt",
         r.finished_at AS "finishedAt",
         CASE WHEN g.gone THEN 'interrupted' ELSE r.status END AS status,
         CASE WHEN g.gone THEN '${WITHOUT_A_WORD}' ELSE r.error END AS error,
         count(a.place) FILTER (WHERE a.status = 'done')::int AS done,
         count(a.place) FILTER (WHERE a.status = 'skipped')::int AS skipped,
         count(a.place) FILTER (WHERE a.status = 'failed')::int AS failed
  FROM maintenance_runs r
  CROSS JOIN LATERAL (SELECT r.status = 'running' AND coalesce(r.seen_at, r.started_at) < ${HEARD_SINCE} AS gone) g
  LEFT JOIN maintenance_actions a ON a.run_id = r.id`;

/** Runs kept of each database. */
const KEPT = 500;

/** The ledger in the state store. */
export class StoredLedger implements MaintenanceLedger {
  readonly #db: Db;
  readonly #audit: WriteAudit;

  constructor(db: Db, audit: WriteAudit) {
    this.#db = db;
    this.#audit = audit;
  }

  async begin({ id, database, tasks, startedBy, trigger, startedAt }: RunStart): Promise<void> {
    const at = new Date(startedAt);
    const [task = null] = tasks;
    const beginning = task && {
      runId: id,
      task,
      object: null,
      statement: null,
      done: 0,
      total: 0,
      share: 0,
      waitsFor: null,
    };
    await this.#db.transaction(async (tx) => {
      await tx.query(
        `UPDATE maintenance_runs SET status = 'interrupted', finished_at = $2,
           error = '${WITHOUT_A_WORD}', progress = NULL
         WHERE database = $1 AND status = 'running'`,
        [database, at],
      );
      await tx.query(
        `INSERT INTO maintenance_runs (id, database, tasks, trigger, started_by, started_at, seen_at, status, progress)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), 'running', $7)`,
        [id, database, [...tasks], trigger, startedBy, at, JSON.stringify(beginning)],
      );
      await tx.query(
        `DELETE FROM maintenance_runs WHERE database = $1 AND id NOT IN
           (SELECT id FROM maintenance_runs WHERE database = $1 ORDER BY started_at DESC LIMIT ${KEPT})`,
        [database],
      );
      const detail = { run: id, tasks: [...tasks], trigger };
      await this.#audit(tx, { at: startedAt, actor: startedBy, action: 'maintenance.start', target: database, detail });
    });
  }

  async heard({ id, database }: RunStart, progress: MaintenanceProgress | null): Promise<string | null> {
    const [row] = await this.#db.query<{ stoppedBy: string | null; pausedBy: string | null; reason: string | null }>(
      `UPDATE maintenance_runs r SET progress = coalesce($2, r.progress), seen_at = clock_timestamp()
       FROM (SELECT 1) one LEFT JOIN maintenance_pauses p ON p.database = $3
       WHERE r.id = $1 RETURNING r.stopped_by AS "stoppedBy", p.paused_by AS "pausedBy", p.reason`,
      [id, progress === null ? null : JSON.stringify(progress), database],
    );
    if (!row) return null;
    if (row.pausedBy !== null) return `It was stopped by ${row.pausedBy}: ${row.reason}`;
    return row.stoppedBy === null ? null : `It was stopped by ${row.stoppedBy}.`;
  }

  /** Where the run of a database is, whoever runs it; null when none runs. */
  async progressOf(database: string): Promise<MaintenanceProgress | null> {
    const [row] = await this.#db.query<{ progress: MaintenanceProgress | null }>(
      `SELECT progress FROM maintenance_runs WHERE database = $1 AND status = 'running' AND seen_at >= ${HEARD_SINCE}
       ORDER BY started_at DESC LIMIT 1`,
      [database],
    );
    return row?.progress ?? null;
  }

  /**
   * Has what runs on a database end, whoever runs it.
   * @throws YumOpsError `not_running`
   */
  async stop(database: string, { by, at }: Pick<Pause, 'by' | 'at'>): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const [run] = await tx.query<{ id: string }>(
        `UPDATE maintenance_runs SET stopped_by = $2
         WHERE database = $1 AND status = 'running' AND coalesce(seen_at, started_at) >= ${HEARD_SINCE} RETURNING id`,
        [database, by],
      );
      if (!run) {
        throw new YumOpsError('not_running', `No maintenance of "${database}" runs.`, {
          hint: 'Its runs are on the page Database, tab Maintenance.',
          status: 409,
        });
      }
      const detail = { run: run.id };
      await this.#audit(tx, { at, actor: by, action: 'maintenance.stop', target: database, detail });
    });
  }

  async record(
    { id, database, startedBy }: RunStart,
    place: number,
    action: ActionResult & { startedAt: number; finishedAt: number },
  ): Promise<void> {
    const { task, object, statement, reason, before, after, status, error, startedAt, finishedAt } = action;
    await this.#db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO maintenance_actions
           (run_id, place, task, object, statement, reason, before, after, status, error, started_at, finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        [
          ...[id, place, task, object, statement, reason, JSON.stringify(before), JSON.stringify(after)],
          ...[status, error, new Date(startedAt), new Date(finishedAt)],
        ],
      );
      const detail = { run: id, statement, before, after, status, error };
      const target = `${database}: ${object}`;
      await this.#audit(tx, { at: finishedAt, actor: startedBy, action: `maintenance.${task}`, target, detail });
    });
  }

  async finish(
    { id, database, startedBy }: RunStart,
    status: RunStatus,
    at: number,
    error: string | null,
  ): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx.query(
        'UPDATE maintenance_runs SET status = $2, finished_at = $3, error = $4, progress = NULL WHERE id = $1',
        [...[id, status], ...[new Date(at), error]],
      );
      const detail = { run: id, status, error };
      await this.#audit(tx, { at, actor: startedBy, action: 'maintenance.finish', target: database, detail });
    });
  }

  async pauseOf(database: string): Promise<Pause | null> {
    const [row] = await this.#db.query<{ by: string; reason: string; at: Date }>(
      'SELECT paused_by AS by, reason, paused_at AS at FROM maintenance_pauses WHERE database = $1',
      [database],
    );
    return row ? { ...row, at: row.at.getTime() } : null;
  }

  /** Throws the kill switch: what runs is stopped, and nothing begins until `resume`. */
  async pause(database: string, { by, reason, at }: Pause): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO maintenance_pauses (database, paused_by, reason, paused_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (database) DO UPDATE SET paused_by = $2, reason = $3, paused_at = $4`,
        [database, by, reason, new Date(at)],
      );
      await this.#audit(tx, { at, actor: by, action: 'maintenance.pause', target: database, detail: { reason } });
    });
  }

  /** Lets maintenance run again. */
  async resume(database: string, { by, at }: Pick<Pause, 'by' | 'at'>): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx.query('DELETE FROM maintenance_pauses WHERE database = $1', [database]);
      await this.#audit(tx, { at, actor: by, action: 'maintenance.resume', target: database });
    });
  }

  /** The indexes that the last verification found damaged and that were not rebuilt since. */
  async corruptIndexes(database: string): Promise<readonly Remark[]> {
    const rows = await this.#db.query<{ object: string; statement: string; error: string; at: Date }>(
      `SELECT a.object, a.statement, a.error, a.finished_at AS at
       FROM maintenance_actions a JOIN maintenance_runs r ON r.id = a.run_id
       WHERE r.database = $1 AND a.task = 'amcheck' AND a.status = 'failed' AND a.statement LIKE 'REINDEX %'
         AND a.run_id = (
           SELECT last.id FROM maintenance_runs last JOIN maintenance_actions b ON b.run_id = last.id
           WHERE last.database = $1 AND b.task = 'amcheck' ORDER BY last.started_at DESC LIMIT 1)
         AND NOT EXISTS (
           SELECT FROM maintenance_actions c JOIN maintenance_runs later ON later.id = c.run_id
           WHERE later.database = $1 AND c.task = 'reindex' AND c.object = a.object AND c.status = 'done'
             AND c.finished_at > a.finished_at)
       ORDER BY a.place`,
      [database],
    );
    return rows.map(({ object, statement, error, at }) => ({
      code: 'corrupt_index',
      severity: 'critical',
      object,
      message: `The index ${object} was found damaged at ${at.toISOString()}: ${error}`,
      fix: statement,
    }));
  }

  /** The latest runs of a database, newest first. */
  async runs(database: string, limit: number): Promise<RunItem[]> {
    return this.#db.query<RunItem>(
      `${ITEM} WHERE r.database = $1 GROUP BY r.id, g.gone ORDER BY r.started_at DESC LIMIT $2`,
      [database, limit],
    );
  }

  /**
   * One run with its actions, in the order in which they were done, and where it is while it runs.
   * @throws YumOpsError `not_found`
   */
  async run(database: string, id: string): Promise<MaintenanceRunDetail> {
    const [run] = await this.#db.query<RunItem>(`${ITEM} WHERE r.database = $1 AND r.id = $2 GROUP BY r.id, g.gone`, [
      database,
      id,
    ]);
    if (!run)
      throw new YumOpsError('not_found', `There is no maintenance run ${id} of "${database}".`, { status: 404 });
    const actions = await this.#db.query<ActionItem>(
      `SELECT task, object, statement, reason, before, after, status, error, started_at AS "startedAt",
              finished_at AS "finishedAt"
       FROM maintenance_actions WHERE run_id = $1 ORDER BY place`,
      [id],
    );
    const progress = run.status === 'running' ? await this.progressOf(database) : null;
    return { ...run, actions, progress: progress?.runId === id ? progress : null };
  }
}
