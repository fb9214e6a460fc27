import 'server-only';
import type { Client } from 'pg';
import { withMaintenance } from '@/lib/jobs/maintenance-connection';
import { removeExpired, removeExpiredUploads } from '@/lib/jobs/retention';
import { logger } from '@/lib/logging/logger';

const REINDEXED_ON_SUNDAYS = ['restaurants', 'ratings', 'user_profiles', 'menu_items'];

/**
 * The nightly upkeep: fresh statistics, retention (sessions 30 days, activity 90, uploads 7 with their files) and
 * the count of broken constraints. On Sundays it also asks for a reindex, which the maintenance engine runs.
 * @param now decides whether it is Sunday, in UTC
 */
export function runMaintenance(now: Date) {
  return withMaintenance(async (client) => {
    await client.query('SELECT update_table_statistics()');
    const removed = {
      user_sessions: await removeExpired(client, { table: 'user_sessions', column: 'created_at', days: 30 }),
      user_activity: await removeExpired(client, { table: 'user_activity', column: 'activity_date', days: 90 }),
      temporary_uploads: await removeExpiredUploads(client, 7),
    };
    const violations = await countViolations(client);
    const requested = now.getUTCDay() === 0 ? REINDEXED_ON_SUNDAYS : [];
    for (const table of requested) await client.query('SELECT reindex_table($1)', [table]);
    logger.info('Maintenance finished', { removed, violations: violations.length, reindexRequested: requested });
    return { statistics: 'updated', removed, violations, reindexRequested: requested };
  });
}

async function countViolations(client: Client) {
  const { rows } = await client.query<{ table: string; constraint: string; rows: number }>(
    `SELECT table_name AS "table", constraint_name AS "constraint", violation_count::INTEGER AS rows
     FROM check_constraint_violations()`,
  );
  if (rows.length > 0) logger.error('Rows break constraints of the database', { violations: rows });
  return rows;
}
