import type { Queryable } from '../../../lib/db.ts';

/** A release that came out, or was seen for the first time. */
export interface StoredDeploy {
  id: string;
  /** Ms since the epoch. */
  at: number;
  version: string;
  /** Null = nobody told of a deploy; its first event came in. */
  environment: string | null;
}

/** What was deployed in `[from, to)` (ms since the epoch), and releases whose first event came in, oldest first. */
export async function deploysBetween(db: Queryable, from: number, to: number): Promise<StoredDeploy[]> {
  const rows = await db.query<Omit<StoredDeploy, 'at'> & { at: Date }>(
    `SELECT 'deploy:' || id AS id, at, version, environment FROM deploys WHERE at >= $1 AND at < $2
     UNION ALL
     SELECT 'release:' || project || ':' || version, first_seen, version, NULL FROM releases
     WHERE first_seen >= $1 AND first_seen < $2
     ORDER BY at, id LIMIT 200`,
    [new Date(from), new Date(to)],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}
