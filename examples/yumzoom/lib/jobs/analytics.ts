import 'server-only';
import { withMaintenance } from '@/lib/jobs/maintenance-connection';

/** Rolls yesterday's activity (UTC) up into one row an activity. Running it again replaces the rows. */
export function rollUpYesterday() {
  return withMaintenance(async (client) => {
    const { rows } = await client.query(
      `INSERT INTO daily_activity (day, activity, events, users)
       SELECT yesterday.day, a.activity, count(*), count(DISTINCT a.user_id)
       FROM (SELECT (now() AT TIME ZONE 'UTC')::DATE - 1 AS day) yesterday
       JOIN user_activity a ON a.activity_date >= yesterday.day::TIMESTAMP AT TIME ZONE 'UTC'
                           AND a.activity_date < (yesterday.day + 1)::TIMESTAMP AT TIME ZONE 'UTC'
       GROUP BY 1, 2
       ON CONFLICT (day, activity) DO UPDATE SET events = excluded.events, users = excluded.users
       RETURNING to_char(day, 'YYYY-MM-DD') AS day, activity, events, users`,
    );
    return { activities: rows };
  });
}
