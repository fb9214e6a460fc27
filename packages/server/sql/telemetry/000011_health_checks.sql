CREATE VIEW health_checks AS
SELECT
  timestamp, monitor, name, state, reason, durationMs, monitorId, project, service, environment, release,
  release AS version
FROM health_results;
