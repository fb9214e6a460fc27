import type { Db, Queryable } from '../../../../lib/db.ts';
import { randomHex } from '../../../../lib/random.ts';
import type { MonitorConfig } from '../../config.ts';
import { afterSignal, type Beats, NO_BEATS, type Signal } from './beats.ts';

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
  await tx.query('DELETE FROM heartbeats WHERE NOT (monitor_id = ANY($1))', [rows.map(({ id }) => id)]);
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

/** A signal that was kept. */
export interface KeptBeat {
  monitorId: string;
  beats: Beats;
}

/** A heartbeat by the token that its job calls with, or by its monitor. */
export type BeatKey = { token: string } | { monitorId: string };

/**
 * Keeps a signal with the monitor that the key stands for; signals of one job are taken one after the other.
 * @returns undefined when there is no such heartbeat
 */
export function keepSignal(db: Db, key: BeatKey, signal: Signal): Promise<KeptBeat | undefined> {
  const [column, value] = 'token' in key ? ['token', key.token] : ['monitor_id', key.monitorId];
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ monitor_id: string; beats: Beats | null }>(
      `SELECT monitor_id, beats FROM heartbeats WHERE ${column} = $1 ORDER BY monitor_id LIMIT 1 FOR UPDATE`,
      [value],
    );
    if (!row) return undefined;
    const beats = afterSignal(row.beats ?? NO_BEATS, signal);
    await tx.query('UPDATE heartbeats SET beats = $2 WHERE monitor_id = $1', [row.monitor_id, JSON.stringify(beats)]);
    return { monitorId: row.monitor_id, beats };
  });
}
