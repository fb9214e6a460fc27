-- What alert rules read: counts and sums by series, second and labels, filled as rows arrive. `at` is the end of a second:
-- the row holds what happened in (at - 1 s, at]. `labels` is JSON of the labels that have no column of their own.
-- There are no partitions, so that one insert is always one block here and its token protects all of it.
CREATE TABLE rule_buckets (
  series LowCardinality(String),
  at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  labels String CODEC(ZSTD(1)),
  count SimpleAggregateFunction(sum, UInt64),
  bad SimpleAggregateFunction(sum, UInt64),
  sum SimpleAggregateFunction(sum, Float64),
  min SimpleAggregateFunction(min, Float64),
  max SimpleAggregateFunction(max, Float64),
  last AggregateFunction(argMax, Float64, DateTime64(3, 'UTC')),
  lastAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
  -- Occurrences by ceil(log(value) / log(1.02)), for percentiles.
  classes SimpleAggregateFunction(sumMap, Map(Int16, UInt64))
) ENGINE = AggregatingMergeTree
ORDER BY (series, at, project, service, environment, release, labels)
TTL at + INTERVAL 8 DAY
SETTINGS non_replicated_deduplication_window = 1000;

-- Health routes are called by machines and say nothing of users.
CREATE MATERIALIZED VIEW rule_buckets_requests TO rule_buckets AS
SELECT
  'requests' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  r.project AS project,
  ifNull(r.service, '') AS service,
  ifNull(r.environment, '') AS environment,
  ifNull(r.release, '') AS release,
  toJSONString(map('endpoint', toString(ifNull(r.endpoint, '')), 'method', toString(ifNull(r.method, '')))) AS labels,
  count() AS count,
  countIf(r.statusCode >= 500) AS bad,
  sum(ifNull(r.duration, 0)) AS sum,
  min(ifNull(r.duration, 0)) AS min,
  max(ifNull(r.duration, 0)) AS max,
  argMaxState(ifNull(r.duration, 0), timestamp) AS last,
  max(timestamp) AS lastAt,
  sumMap(map(toInt16(ceil(log(greatest(ifNull(r.duration, 0), 0.001)) / log(1.02))), toUInt64(1))) AS classes
FROM request_rows AS r
WHERE r.statusCode IS NOT NULL
  AND ifNull(r.endpoint, '') NOT IN ('/api/health', '/api/health/detailed', '/health', '/healthz', '/livez', '/readyz')
GROUP BY series, at, project, service, environment, release, labels;

CREATE MATERIALIZED VIEW rule_buckets_outbound_calls TO rule_buckets AS
SELECT
  'outbound_calls' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  o.project AS project,
  ifNull(o.service, '') AS service,
  ifNull(o.environment, '') AS environment,
  ifNull(o.release, '') AS release,
  toJSONString(map('provider', toString(ifNull(o.provider, o.host)), 'host', toString(o.host))) AS labels,
  count() AS count,
  countIf(o.failed) AS bad,
  sum(ifNull(o.duration, 0)) AS sum,
  min(ifNull(o.duration, 0)) AS min,
  max(ifNull(o.duration, 0)) AS max,
  argMaxState(ifNull(o.duration, 0), timestamp) AS last,
  max(timestamp) AS lastAt,
  sumMap(map(toInt16(ceil(log(greatest(ifNull(o.duration, 0), 0.001)) / log(1.02))), toUInt64(1))) AS classes
FROM outbound_rows AS o
GROUP BY series, at, project, service, environment, release, labels;

CREATE MATERIALIZED VIEW rule_buckets_metrics TO rule_buckets AS
SELECT
  concat('metric:', toString(m.name)) AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  m.project AS project,
  ifNull(m.service, '') AS service,
  ifNull(m.environment, '') AS environment,
  ifNull(m.release, '') AS release,
  toJSONString(mapSort(m.attributes)) AS labels,
  count() AS count,
  toUInt64(0) AS bad,
  sum(assumeNotNull(m.value)) AS sum,
  min(assumeNotNull(m.value)) AS min,
  max(assumeNotNull(m.value)) AS max,
  argMaxState(assumeNotNull(m.value), timestamp) AS last,
  max(timestamp) AS lastAt,
  sumMap(map(toInt16(ceil(log(greatest(assumeNotNull(m.value), 0.001)) / log(1.02))), toUInt64(1))) AS classes
FROM metric_rows AS m
WHERE m.value IS NOT NULL
GROUP BY series, at, project, service, environment, release, labels;

CREATE MATERIALIZED VIEW rule_buckets_logs TO rule_buckets AS
SELECT
  'application_logs' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  l.project AS project,
  l.service AS service,
  l.environment AS environment,
  l.release AS release,
  toJSONString(map('event', toString(ifNull(l.event, '')))) AS labels,
  count() AS count,
  countIf(l.level IN ('error', 'fatal')) AS bad,
  toFloat64(0) AS sum,
  toFloat64(0) AS min,
  toFloat64(0) AS max,
  argMaxState(toFloat64(0), timestamp) AS last,
  max(timestamp) AS lastAt,
  CAST(map(), 'Map(Int16, UInt64)') AS classes
FROM logs AS l
WHERE l.project != 'yumops'
GROUP BY series, at, project, service, environment, release, labels;

-- The guide's event name and the OWASP name mean the same; a record that has both counts once.
CREATE MATERIALIZED VIEW rule_buckets_failed_sign_ins TO rule_buckets AS
SELECT
  'failed_auth_attempts' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  l.project AS project,
  l.service AS service,
  l.environment AS environment,
  l.release AS release,
  toJSONString(map('ip', ifNull(l.ip, ''), 'userId', ifNull(l.userId, ''))) AS labels,
  count() AS count,
  toUInt64(0) AS bad,
  toFloat64(0) AS sum,
  toFloat64(0) AS min,
  toFloat64(0) AS max,
  argMaxState(toFloat64(0), timestamp) AS last,
  max(timestamp) AS lastAt,
  CAST(map(), 'Map(Int16, UInt64)') AS classes
FROM logs AS l
WHERE l.project != 'yumops'
  AND (l.event = 'failed_authentication' OR l.event LIKE 'authn_login_fail%' OR l.attributes['owasp'] LIKE 'authn_login_fail%')
GROUP BY series, at, project, service, environment, release, labels;
