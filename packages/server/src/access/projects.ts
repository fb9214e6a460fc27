import type { Queryable } from '../lib/db.ts';

/** Every project that a key, a monitor, an error, a release or a token's role names, in order. */
export async function listProjects(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ project: string }>(
    `SELECT DISTINCT project FROM (
       SELECT project FROM ingest_keys WHERE revoked_at IS NULL
       UNION ALL SELECT project FROM monitors
       UNION ALL SELECT project FROM error_issues
       UNION ALL SELECT project FROM releases
       UNION ALL SELECT jsonb_object_keys(projects) FROM api_tokens WHERE revoked_at IS NULL AND projects IS NOT NULL
     ) AS named WHERE project ~ '^[0-9]{1,20}$'`,
  );
  return rows.map(({ project }) => project).toSorted((a, b) => a.length - b.length || a.localeCompare(b));
}
