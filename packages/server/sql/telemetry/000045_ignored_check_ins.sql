-- An end that was told too late is not the end of its run: a row `ignored` with its id and time says so. One row an id: its
-- last end that counts, else its beginning; `ignored` counts the ends that do not.
CREATE OR REPLACE VIEW check_ins AS
SELECT
  ending.1 AS timestamp,
  id,
  slug,
  ending.2 AS status,
  coalesce(ending.3,
    if(ending.2 != 'in_progress' AND told[1].2 = 'in_progress', toFloat64(dateDiff('millisecond', told[1].1, ending.1)), NULL)
  ) AS durationMs,
  ending.4 AS exitCode,
  ending.5 AS output,
  monitor,
  monitorId,
  project,
  service,
  environment,
  release,
  release AS version,
  toUInt32(length(voided)) AS ignored
FROM (
  SELECT
    r.project AS project,
    r.slug AS slug,
    r.id AS id,
    any(r.monitor) AS monitor,
    any(r.monitorId) AS monitorId,
    any(r.service) AS service,
    any(r.environment) AS environment,
    any(r.release) AS release,
    groupArrayIf(r.timestamp, r.status = 'ignored') AS voided,
    arraySort(t -> t.1, arrayFilter(t -> t.2 = 'in_progress' OR NOT has(voided, t.1),
      groupArrayIf(tuple(r.timestamp, r.status, r.durationMs, r.exitCode, r.output), r.status != 'ignored'))) AS told,
    arraySort(t -> (t.2 != 'in_progress', t.1), told)[-1] AS ending
  FROM check_in_rows AS r
  GROUP BY r.project, r.slug, r.id
)
WHERE notEmpty(told);
