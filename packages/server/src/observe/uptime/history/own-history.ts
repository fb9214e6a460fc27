import type { Queryable } from '../../../lib/db.ts';

const HOUR_S = 3_600;

/**
 * Notes whose the history under each monitor's id is. One that belongs to another project than the monitor before it
 * begins anew; one that comes back to its project goes on, and so does one that was of the whole installation and is given
 * to its first project.
 * @param given ids of the latter
 * @param now milliseconds since the epoch
 * @returns the ids of those that begin anew
 */
export async function claimHistories(tx: Queryable, given: readonly string[], now: number): Promise<string[]> {
  await tx.query(
    `UPDATE monitor_histories h SET project = m.project FROM monitors m
     WHERE m.id = h.monitor_id AND h.project IS NULL AND m.id = ANY ($1)`,
    [given],
  );
  const rows = await tx.query<{ id: string; fresh: boolean }>(
    `INSERT INTO monitor_histories AS h (monitor_id, project) SELECT id, project FROM monitors ORDER BY id
     ON CONFLICT (monitor_id) DO UPDATE SET project = excluded.project, since = $1
       WHERE h.project IS DISTINCT FROM excluded.project
     RETURNING monitor_id AS id, xmax = 0 AS fresh`,
    [new Date(now)],
  );
  return rows.filter(({ fresh }) => !fresh).map(({ id }) => id);
}

/**
 * From when on the history under the ids of monitors is their own, ms since the epoch. Those that share it with nobody are
 * left out.
 */
export async function historyStarts(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const rows = await db.query<{ id: string; since: Date }>(
    'SELECT monitor_id AS id, since FROM monitor_histories WHERE since IS NOT NULL',
  );
  return new Map(rows.map(({ id, since }) => [id, since.getTime()]));
}

/** The same of one monitor; 0 where all is its own. */
export async function historyStart(db: Queryable, id: string): Promise<number> {
  return (await historyStarts(db)).get(id) ?? 0;
}

/** A condition on `monitor_events e` that leaves out what belongs to another project. */
export const OWN_EVENTS =
  "e.at >= coalesce((SELECT since FROM monitor_histories h WHERE h.monitor_id = e.monitor_id), '-infinity')";

/**
 * A condition on `checks_hourly` that leaves out what belongs to another project, with its parameters. Of the hour in
 * which a history began nothing is taken: it holds both.
 */
export function ownHours(starts: ReadonlyMap<string, number>): { where: string; parameters: Record<string, unknown> } {
  if (starts.size === 0) return { where: '1', parameters: {} };
  return {
    where: `toUnixTimestamp(hour) >= transform(toString(monitorId), {ownIds:Array(String)}, {ownFrom:Array(UInt32)},
      toUInt32(0))`,
    parameters: {
      ownIds: [...starts.keys()],
      ownFrom: [...starts.values()].map((at) => Math.ceil(at / 1_000 / HOUR_S) * HOUR_S),
    },
  };
}
