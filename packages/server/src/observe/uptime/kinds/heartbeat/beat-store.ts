import type { Db, Queryable } from '../../../../lib/db.ts';
import { randomHex } from '../../../../lib/random.ts';
import type { MonitorConfig } from '../../config.ts';
import { afterCorrection, afterSignal, type Beats, NO_BEATS, type Signal } from './beats.ts';
import { afterStep, type Run, type RunStep, runStep } from './runs.ts';

/** Where checks find what jobs said. */
export interface BeatReader {
  /** Of a monitor that never got a beat: `NO_BEATS`. */
  read(monitorId: string): Promise<Beats>;
}

export function createBeatReader(db: Queryable): BeatReader {
  return {
    async read(monitorId) {
      const [row] = await db.query<{ beats: Beats | null }>('SELECT beats FROM heartbeats WHERE monitor_id = $1', [
        monitorId,
      ]);
      return row?.beats ?? NO_BEATS;
    },
  };
}

/** Makes the stored heartbeats equal to the configuration. One whose token is not configured keeps the one it has. */
export async function storeHeartbeats(tx: Queryable, monitors: readonly MonitorConfig[]): Promise<void> {
  const rows = monitors.flatMap((monitor) =>
    monitor.kind === 'heartbeat'
      ? [{ id: monitor.id, configured: monitor.token?.reveal() ?? null, made: randomHex(16) }]
      : [],
  );
  const ids = rows.map(({ id }) => id);
  await tx.query('DELETE FROM heartbeats WHERE NOT (monitor_id = ANY($1))', [ids]);
  await tx.query('DELETE FROM check_in_runs WHERE NOT (monitor_id = ANY($1))', [ids]);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO heartbeats (monitor_id, token)
     SELECT r.id, coalesce(r.configured, r.made)
     FROM jsonb_to_recordset($1::jsonb) AS r (id text, configured text, made text)
     ON CONFLICT (monitor_id) DO UPDATE SET token = coalesce(
       (SELECT r.configured FROM jsonb_to_recordset($1::jsonb) AS r (id text, configured text)
        WHERE r.id = excluded.monitor_id),
       heartbeats.token)`,
    [JSON.stringify(rows)],
  );
}

/** @returns the id of the monitor with this token; undefined when there is none */
export async function findHeartbeat(db: Queryable, token: string): Promise<string | undefined> {
  const sql = 'SELECT monitor_id FROM heartbeats WHERE token = $1 ORDER BY monitor_id LIMIT 1';
  const [row] = await db.query<{ monitor_id: string }>(sql, [token]);
  return row?.monitor_id;
}

/**
 * Keeps a signal with its monitor; signals of one job are taken one after the other.
 * @returns undefined when there is no such heartbeat
 */
export function keepSignal(db: Db, monitorId: string, signal: Signal): Promise<Beats | undefined> {
  return changeBeats(db, monitorId, async (beats) => afterSignal(beats, signal));
}

/** A run by the id that its job gave it. */
export interface NamedRun {
  id: string;
  monitorId: string;
  /** Of its monitor, milliseconds; null = none. */
  maxRuntimeMs: number | null;
}

/**
 * Keeps what a job says of a run that it names, where that says something new.
 * @returns what it was to the run; undefined when there is no such heartbeat
 */
export async function keepRunSignal(db: Db, run: NamedRun, signal: Signal): Promise<RunStep | undefined> {
  let step: RunStep | undefined;
  await changeBeats(db, run.monitorId, async (beats, tx) => {
    const known = await findRun(tx, run);
    step = runStep(known, signal, run.maxRuntimeMs);
    if (step === 'begins' || step === 'ends') {
      await storeRun(tx, run, afterStep(known, step, signal.at));
      return afterSignal(beats, signal);
    }
    // Of an earlier run than the one that ended last the monitor's state does not speak.
    const isLatest = step === 'corrects' && beats.endedAt === known?.endedAt;
    return isLatest ? afterCorrection(beats, signal) : beats;
  });
  return step;
}

function changeBeats(
  db: Db,
  monitorId: string,
  change: (beats: Beats, tx: Queryable) => Promise<Beats>,
): Promise<Beats | undefined> {
  return db.transaction(async (tx) => {
    const sql = 'SELECT beats FROM heartbeats WHERE monitor_id = $1 FOR UPDATE';
    const [row] = await tx.query<{ beats: Beats | null }>(sql, [monitorId]);
    if (!row) return undefined;
    const beats = await change(row.beats ?? NO_BEATS, tx);
    await tx.query('UPDATE heartbeats SET beats = $2 WHERE monitor_id = $1', [monitorId, JSON.stringify(beats)]);
    return beats;
  });
}

async function findRun(tx: Queryable, { monitorId, id }: NamedRun): Promise<Run | null> {
  const [row] = await tx.query<{ started: number; ended: number | null }>(
    `SELECT started_at::float8 AS started, ended_at::float8 AS ended FROM check_in_runs
     WHERE monitor_id = $1 AND id = $2`,
    [monitorId, id],
  );
  return row ? { startedAt: row.started, endedAt: row.ended } : null;
}

/** How long runs are kept, milliseconds. */
const KEEP_RUNS_MS = 7 * 86_400_000;

async function storeRun(tx: Queryable, { monitorId, id }: NamedRun, { startedAt, endedAt }: Run): Promise<void> {
  await tx.query(
    `INSERT INTO check_in_runs (monitor_id, id, started_at, ended_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (monitor_id, id) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at`,
    [monitorId, id, startedAt, endedAt],
  );
  await tx.query('DELETE FROM check_in_runs WHERE monitor_id = $1 AND started_at < $2', [
    monitorId,
    (endedAt ?? startedAt) - KEEP_RUNS_MS,
  ]);
}
