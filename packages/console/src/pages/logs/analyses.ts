/** A ready question to the stored logs. */
export interface Analysis {
  title: string;
  answers: string;
  sql: string;
}

/** The analyses that every service needs, as SQL that can be changed. */
export const ANALYSES: readonly Analysis[] = [
  {
    title: 'Error rate by hour',
    answers: 'Share of error lines in each of the last 24 hours',
    sql: `SELECT
  DATE_TRUNC('hour', timestamp) as hour,
  COUNT(*) as total_requests,
  COUNT(CASE WHEN level = 'error' THEN 1 END) as error_count,
  (COUNT(CASE WHEN level = 'error' THEN 1 END)::FLOAT / COUNT(*) * 100) as error_rate
FROM application_logs
WHERE timestamp > NOW() - INTERVAL '24 hours'
GROUP BY hour
ORDER BY hour;`,
  },
  {
    title: 'Endpoint performance',
    answers: 'Requests and durations of each endpoint in the last hour, slowest first',
    sql: `SELECT
  endpoint,
  COUNT(*) as request_count,
  AVG(duration) as avg_duration,
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY duration) as p95_duration,
  MAX(duration) as max_duration
FROM application_logs
WHERE
  timestamp > NOW() - INTERVAL '1 hour'
  AND type = 'performance'
GROUP BY endpoint
ORDER BY avg_duration DESC;`,
  },
  {
    title: 'Security events',
    answers: 'Events by kind and severity in the last 24 hours, with distinct addresses',
    sql: `SELECT
  event,
  severity,
  COUNT(*) as event_count,
  COUNT(DISTINCT ip) as unique_ips
FROM application_logs
WHERE
  timestamp > NOW() - INTERVAL '24 hours'
  AND type = 'security'
GROUP BY event, severity
ORDER BY event_count DESC;`,
  },
  {
    title: 'Business metrics',
    answers: 'Registrations, ratings and orders in each of the last 24 hours',
    sql: `SELECT
  event,
  COUNT(*) as event_count,
  DATE_TRUNC('hour', timestamp) as hour
FROM application_logs
WHERE
  timestamp > NOW() - INTERVAL '24 hours'
  AND type = 'business'
  AND event IN ('user_registration', 'restaurant_rating', 'order_placed')
GROUP BY event, hour
ORDER BY hour, event;`,
  },
];
