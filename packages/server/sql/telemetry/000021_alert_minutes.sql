-- Checks of monitors and the named checks of health reports, as alert rules and SLOs read them. Planned work does not count.
CREATE MATERIALIZED VIEW rule_buckets_checks TO rule_buckets AS
SELECT
  'checks' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  c.project AS project,
  c.service AS service,
  c.environment AS environment,
  c.release AS release,
  toJSONString(map('monitor', toString(c.monitor), 'kind', toString(c.kind), 'location', toString(c.location))) AS labels,
  count() AS count,
  countIf(NOT c.ok) AS bad,
  sum(c.durationMs) AS sum,
  min(c.durationMs) AS min,
  max(c.durationMs) AS max,
  argMaxState(c.durationMs, timestamp) AS last,
  max(timestamp) AS lastAt,
  sumMap(map(toInt16(ceil(log(greatest(c.durationMs, 0.001)) / log(1.02))), toUInt64(1))) AS classes
FROM check_results AS c
WHERE c.state NOT IN ('maintenance', 'network-down', 'unknown')
GROUP BY series, at, project, service, environment, release, labels;

CREATE MATERIALIZED VIEW rule_buckets_health_checks TO rule_buckets AS
SELECT
  'health_checks' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  h.project AS project,
  h.service AS service,
  h.environment AS environment,
  h.release AS release,
  toJSONString(map('monitor', toString(h.monitor), 'name', toString(h.name))) AS labels,
  count() AS count,
  countIf(h.state = 'down') AS bad,
  sum(ifNull(h.durationMs, 0)) AS sum,
  min(ifNull(h.durationMs, 0)) AS min,
  max(ifNull(h.durationMs, 0)) AS max,
  argMaxState(ifNull(h.durationMs, 0), timestamp) AS last,
  max(timestamp) AS lastAt,
  sumMap(map(toInt16(ceil(log(greatest(ifNull(h.durationMs, 0), 0.001)) / log(1.02))), toUInt64(1))) AS classes
FROM health_results AS h
WHERE h.state != 'unknown'
GROUP BY series, at, project, service, environment, release, labels;

-- Counts by minute, from which error budgets are read. `at` is the end of a minute. There are no partitions, for the same
-- reason as in `rule_buckets`.
CREATE TABLE rule_minutes (
  series LowCardinality(String),
  at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  labels String CODEC(ZSTD(1)),
  count SimpleAggregateFunction(sum, UInt64),
  bad SimpleAggregateFunction(sum, UInt64),
  classes SimpleAggregateFunction(sumMap, Map(Int16, UInt64))
) ENGINE = AggregatingMergeTree
ORDER BY (series, at, project, service, environment, release, labels)
TTL at + INTERVAL 100 DAY
SETTINGS non_replicated_deduplication_window = 1000;

INSERT INTO rule_minutes
SELECT
  series,
  toDateTime(intDiv(toUnixTimestamp(at) + 59, 60) * 60, 'UTC') AS minute,
  project, service, environment, release, labels, sum(b.count), sum(b.bad), sumMap(b.classes)
FROM rule_buckets AS b
WHERE series IN ('requests', 'checks')
GROUP BY series, minute, project, service, environment, release, labels;

CREATE MATERIALIZED VIEW rule_minutes_fill TO rule_minutes AS
SELECT
  b.series AS series,
  toDateTime(intDiv(toUnixTimestamp(b.at) + 59, 60) * 60, 'UTC') AS at,
  b.project AS project,
  b.service AS service,
  b.environment AS environment,
  b.release AS release,
  b.labels AS labels,
  sum(b.count) AS count,
  sum(b.bad) AS bad,
  sumMap(b.classes) AS classes
FROM rule_buckets AS b
WHERE b.series IN ('requests', 'checks')
GROUP BY series, at, project, service, environment, release, labels;
