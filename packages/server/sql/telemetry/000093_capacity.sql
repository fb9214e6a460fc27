-- What growth is foretold from: hourly levels of capacity metrics, kept far longer than the samples. `at` is the begin of
-- an hour. Like the rule buckets it has no partitions: one insert is one block here, and its token protects it.
CREATE TABLE capacity_hours (
  name LowCardinality(String),
  at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  labels String CODEC(ZSTD(1)),
  count SimpleAggregateFunction(sum, UInt64),
  sum SimpleAggregateFunction(sum, Float64),
  max SimpleAggregateFunction(max, Float64)
) ENGINE = AggregatingMergeTree
ORDER BY (name, labels, project, service, environment, at)
TTL at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW capacity_hours_fill TO capacity_hours AS
SELECT
  m.name AS name,
  toStartOfHour(toDateTime(m.timestamp, 'UTC')) AS at,
  m.project AS project,
  m.service AS service,
  m.environment AS environment,
  toJSONString(mapSort(m.attributes)) AS labels,
  count() AS count,
  sum(assumeNotNull(m.value)) AS sum,
  max(assumeNotNull(m.value)) AS max
FROM metric_rows AS m
WHERE m.value IS NOT NULL AND (startsWith(m.name, 'capacity_')
  OR m.name IN ('db_size_bytes', 'db_disk_free_bytes', 'db_connection_usage', 'db_pool_size', 'backup_size', 'memory_usage'))
GROUP BY name, at, project, service, environment, labels;

INSERT INTO capacity_hours
SELECT
  m.name,
  toStartOfHour(toDateTime(m.timestamp, 'UTC')) AS hour,
  m.project,
  m.service,
  m.environment,
  toJSONString(mapSort(m.attributes)) AS labels,
  count(),
  sum(assumeNotNull(m.value)),
  max(assumeNotNull(m.value))
FROM metric_rows AS m
WHERE m.value IS NOT NULL
  AND m.name IN ('db_size_bytes', 'db_disk_free_bytes', 'db_connection_usage', 'db_pool_size', 'backup_size', 'memory_usage')
GROUP BY m.name, hour, m.project, m.service, m.environment, labels;

CREATE VIEW capacity AS
SELECT
  h.at AS timestamp,
  h.name AS name,
  max(h.max) AS value,
  sum(h.sum) / sum(h.count) AS mean,
  sum(h.count) AS samples,
  h.project AS project,
  nullIf(h.service, '') AS service,
  nullIf(h.environment, '') AS environment,
  JSONExtract(h.labels, 'Map(String, String)') AS attributes
FROM capacity_hours AS h
GROUP BY h.at, h.name, h.project, h.service, h.environment, h.labels;

-- Requests by minute, for 100 days: what the rules counted. `timestamp` is the end of a minute.
CREATE VIEW traffic AS
SELECT
  r.at AS timestamp,
  r.project AS project,
  nullIf(r.service, '') AS service,
  nullIf(r.environment, '') AS environment,
  JSONExtractString(r.labels, 'endpoint') AS endpoint,
  JSONExtractString(r.labels, 'method') AS method,
  sum(r.count) AS requests,
  sum(r.bad) AS failed
FROM rule_minutes AS r
WHERE r.series = 'requests'
GROUP BY r.at, r.project, r.service, r.environment, r.labels;
