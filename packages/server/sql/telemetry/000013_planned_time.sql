-- Time in which work was planned is neither good nor bad; reports say how much of it there was.
ALTER TABLE checks_hourly ADD COLUMN plannedMs SimpleAggregateFunction(sum, UInt64);

DROP VIEW checks_hourly_fill;

CREATE MATERIALIZED VIEW checks_hourly_fill TO checks_hourly AS
SELECT
  toStartOfHour(timestamp) AS hour,
  monitorId,
  location,
  count() AS checks,
  countIf(NOT ok) AS failed,
  sumIf(coveredMs, state IN ('up', 'degraded')) AS goodMs,
  sumIf(coveredMs, state = 'down') AS badMs,
  sumIf(coveredMs, state = 'maintenance') AS plannedMs,
  sum(check_results.durationMs) AS durationMs,
  max(check_results.durationMs) AS slowestMs
FROM check_results
GROUP BY hour, monitorId, location;
