import type { Queryable } from '../../../lib/db.ts';
import type { Episode } from '../episode.ts';
import { episodeFromRow } from '../state/rows.ts';

/** The alerts with these ids, in no order; unknown ids are left out. */
export async function episodesById(db: Queryable, ids: readonly string[]): Promise<Episode[]> {
  if (ids.length === 0) return [];
  const rows = await db.query('SELECT * FROM alerts WHERE id = ANY ($1::text[])', [[...ids]]);
  return rows.map(episodeFromRow);
}
