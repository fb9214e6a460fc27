-- One row a check. `coveredMs` is the time since the check before, for which this check stands; `state` is what the
-- monitor was held to be after it.
CREATE TABLE check_results (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  monitorId LowCardinality(String),
  monitor LowCardinality(String),
  kind LowCardinality(String),
  location LowCardinality(String),
  ok Bool,
  state LowCardinality(String),
  coveredMs UInt32,
  durationMs Float64,
  dnsMs Nullable(Float64),
  connectMs Nullable(Float64),
  tlsMs Nullable(Float64),
  firstByteMs Nullable(Float64),
  bodyMs Nullable(Float64),
  statusCode Nullable(UInt16),
  certificateDays Nullable(Int32),
  reason Nullable(String) CODEC(ZSTD(1)),
  evidence String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (monitorId, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

-- Bars, availability and reports read this, never the raw checks.
CREATE TABLE checks_hourly (
  hour DateTime('UTC'),
  monitorId LowCardinality(String),
  location LowCardinality(String),
  checks SimpleAggregateFunction(sum, UInt64),
  failed SimpleAggregateFunction(sum, UInt64),
  goodMs SimpleAggregateFunction(sum, UInt64),
  badMs SimpleAggregateFunction(sum, UInt64),
  durationMs SimpleAggregateFunction(sum, Float64),
  slowestMs SimpleAggregateFunction(max, Float64)
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (monitorId, location, hour)
TTL hour + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW checks_hourly_fill TO checks_hourly AS
SELECT
  toStartOfHour(timestamp) AS hour,
  monitorId,
  location,
  count() AS checks,
  countIf(NOT ok) AS failed,
  sumIf(coveredMs, state IN ('up', 'degraded')) AS goodMs,
  sumIf(coveredMs, state = 'down') AS badMs,
  sum(check_results.durationMs) AS durationMs,
  max(check_results.durationMs) AS slowestMs
FROM check_results
GROUP BY hour, monitorId, location;

CREATE VIEW checks AS
SELECT
  timestamp, monitor, kind, location, ok, durationMs, dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, statusCode,
  certificateDays, reason, state, monitorId, project, service, environment, release, release AS version
FROM check_results;

-- One row per named check of a health report that was read.
CREATE TABLE health_results (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  monitorId LowCardinality(String),
  monitor LowCardinality(String),
  name LowCardinality(String),
  state LowCardinality(String),
  durationMs Nullable(Float64),
  reason Nullable(String) CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (monitorId, name, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;
