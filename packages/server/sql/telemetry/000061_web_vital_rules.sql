-- Each vital is a series of its own, as rules name them.
DROP VIEW rule_buckets_web_vitals;

CREATE MATERIALIZED VIEW rule_buckets_web_vitals TO rule_buckets AS
SELECT
  concat('web_vitals_', lower(v.name)) AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  v.project AS project,
  v.service AS service,
  v.environment AS environment,
  v.release AS release,
  toJSONString(map('route', toString(v.route), 'device', toString(v.device))) AS labels,
  count() AS count,
  countIf(v.rating = 'poor') AS bad,
  sum(v.value) AS sum,
  min(v.value) AS min,
  max(v.value) AS max,
  argMaxState(v.value, timestamp) AS last,
  max(timestamp) AS lastAt,
  sumMap(map(toInt16(ceil(log(greatest(v.value, 0.001)) / log(1.02))), toUInt64(1))) AS classes
FROM web_vital_rows AS v
GROUP BY series, at, project, service, environment, release, labels;
