-- Check-ins of SDKs have an id under which a run begins and ends: one row an id, its end rather than its beginning.
CREATE OR REPLACE VIEW check_ins AS
SELECT
  argMax(r.timestamp, tuple(r.status != 'in_progress', r.timestamp)) AS timestamp,
  r.id AS id,
  r.slug AS slug,
  argMax(r.status, tuple(r.status != 'in_progress', r.timestamp)) AS status,
  coalesce(
    argMax(r.durationMs, tuple(r.status != 'in_progress', r.timestamp)),
    if(countIf(r.status = 'in_progress') > 0 AND countIf(r.status != 'in_progress') > 0,
      toFloat64(dateDiff('millisecond', min(r.timestamp), max(r.timestamp))), NULL)
  ) AS durationMs,
  argMax(r.exitCode, tuple(r.status != 'in_progress', r.timestamp)) AS exitCode,
  argMax(r.output, tuple(r.status != 'in_progress', r.timestamp)) AS output,
  any(r.monitor) AS monitor,
  any(r.monitorId) AS monitorId,
  r.project AS project,
  any(r.service) AS service,
  any(r.environment) AS environment,
  any(r.release) AS release,
  any(r.release) AS version
FROM check_in_rows AS r
GROUP BY r.project, r.slug, r.id;
