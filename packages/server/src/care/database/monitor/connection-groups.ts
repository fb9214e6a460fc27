import type { ConnectionGroup } from '@yumops/protocol';

/** Clients of the whole server, never background workers, by who they are and what they do. */
export const CONNECTION_GROUPS_SQL = `
  SELECT coalesce(usename::text, '') AS user, coalesce(application_name, '') AS application,
         coalesce(state, 'unknown') AS state, count(*)::int AS count
  FROM pg_stat_activity WHERE backend_type = 'client backend'
  GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 1000`;

/** Groups that are kept by name. */
const KEPT = 20;
const REST = 'other';

/** The largest groups by name; the rest is one group, so that names which change all the time do not fill the store. */
export function largestGroups(groups: readonly ConnectionGroup[]): ConnectionGroup[] {
  const rest = groups.slice(KEPT).reduce((sum, { count }) => sum + count, 0);
  const named = groups.slice(0, KEPT);
  return rest === 0 ? named : [...named, { user: REST, application: REST, state: REST, count: rest }];
}
