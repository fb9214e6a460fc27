import type { Queryable } from '../../../lib/db.ts';
import type { Episode } from '../episode.ts';
import { episodeFromRow } from '../state/rows.ts';

/** The alerts with these ids, in no order; unknown ids are left out. */
export async function episodesById(db: Queryable, ids: readonly string[]): Promise<Episode[]> {
  if (ids.length === 0) return [];
  const rows = await db.query('SELECT * FROM alerts WHERE id = ANY ($1::text[])', [[...ids]]);
  return rows.map(episodeFromRow);
}

/** Those of these alerts whose escalation ended without an answer: the last step was told and repeated as often as it may be. */
export async function exhaustedAmong(db: Queryable, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.query<{ alert_id: string }>(
    "SELECT DISTINCT alert_id FROM alert_timeline WHERE alert_id = ANY ($1::text[]) AND kind = 'exhausted'",
    [[...ids]],
  );
  return new Set(rows.map((row) => row.alert_id));
}
