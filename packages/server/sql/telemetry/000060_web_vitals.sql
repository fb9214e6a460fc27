-- One row a metric of a page view: its id stays the same while its value grows, the newest row counts.
CREATE TABLE web_vital_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  updatedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  name LowCardinality(String),
  value Float64 CODEC(ZSTD(1)),
  rating LowCardinality(String),
  route LowCardinality(String),
  url String CODEC(ZSTD(1)),
  navigationType LowCardinality(Nullable(String)),
  device LowCardinality(String),
  country LowCardinality(Nullable(String)),
  sessionId String CODEC(ZSTD(1)),
  attribution String DEFAULT '{}' CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree(updatedAt)
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, name, id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW web_vitals AS
SELECT
  timestamp, name, value, rating, route, url, navigationType, device, country, nullIf(release, '') AS release,
  nullIf(release, '') AS version, sessionId, attribution, nullIf(service, '') AS service,
  nullIf(environment, '') AS environment, project, id
FROM web_vital_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

CREATE TABLE browser_timing_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  kind LowCardinality(String),
  name LowCardinality(String),
  route LowCardinality(String),
  method LowCardinality(Nullable(String)),
  statusCode Nullable(UInt16),
  duration Nullable(Float64) CODEC(ZSTD(1)),
  dnsLookup Nullable(Float64) CODEC(ZSTD(1)),
  tcpConnection Nullable(Float64) CODEC(ZSTD(1)),
  serverResponse Nullable(Float64) CODEC(ZSTD(1)),
  domProcessing Nullable(Float64) CODEC(ZSTD(1)),
  resourceLoading Nullable(Float64) CODEC(ZSTD(1)),
  totalLoadTime Nullable(Float64) CODEC(ZSTD(1)),
  success Nullable(Bool),
  device LowCardinality(String),
  traceId Nullable(String) CODEC(ZSTD(1)),
  sessionId String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, kind, id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW browser_timings AS
SELECT
  timestamp, kind, name, route, method, statusCode, duration, dnsLookup, tcpConnection, serverResponse, domProcessing,
  resourceLoading, totalLoadTime, success, device, traceId, sessionId, nullIf(service, '') AS service,
  nullIf(environment, '') AS environment, nullIf(release, '') AS release, nullIf(release, '') AS version, project
FROM browser_timing_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Rules on vitals read buckets like all others; a value that grows counts each time that it is told.
CREATE MATERIALIZED VIEW rule_buckets_web_vitals TO rule_buckets AS
SELECT
  'web_vitals' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  v.project AS project,
  v.service AS service,
  v.environment AS environment,
  v.release AS release,
  toJSONString(map('name', toString(v.name), 'route', toString(v.route), 'device', toString(v.device))) AS labels,
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
