-- What the analyses read: log lines by five minutes and by the columns that they ask for. Endpoints are kept of timed lines
-- alone, so that a path in another line cannot make the rollup as large as the log. Like the rule buckets it has no
-- partitions: one insert is one block here, and its token protects it.
CREATE TABLE log_rollup (
  at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  type LowCardinality(String),
  level LowCardinality(String),
  event LowCardinality(String),
  severity LowCardinality(String),
  endpoint LowCardinality(String),
  lines SimpleAggregateFunction(sum, UInt64),
  timed SimpleAggregateFunction(sum, UInt64),
  duration SimpleAggregateFunction(sum, Float64),
  slowest SimpleAggregateFunction(max, Float64),
  -- Durations by ceil(log(duration) / log(1.02)), for percentiles.
  classes SimpleAggregateFunction(sumMap, Map(Int16, UInt64)),
  addresses AggregateFunction(uniqCombined(12), String)
) ENGINE = AggregatingMergeTree
ORDER BY (type, at, project, service, environment, level, event, severity, endpoint)
TTL at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW log_rollup_lines TO log_rollup AS
SELECT
  toStartOfFiveMinutes(l.timestamp) AS at,
  l.project AS project,
  l.service AS service,
  l.environment AS environment,
  ifNull(l.type, '') AS type,
  l.level AS level,
  if(l.type IN ('security', 'business'), ifNull(l.event, ''), '') AS event,
  if(l.type = 'security', ifNull(l.severity, ''), '') AS severity,
  if(l.type = 'performance', ifNull(l.endpoint, ''), '') AS endpoint,
  count() AS lines,
  countIf(l.type = 'performance' AND l.duration IS NOT NULL) AS timed,
  sumIf(assumeNotNull(l.duration), l.type = 'performance' AND l.duration IS NOT NULL) AS duration,
  maxIf(assumeNotNull(l.duration), l.type = 'performance' AND l.duration IS NOT NULL) AS slowest,
  sumMapIf(map(toInt16(ceil(log(greatest(ifNull(l.duration, 0), 0.001)) / log(1.02))), toUInt64(1)),
    l.type = 'performance' AND l.duration IS NOT NULL) AS classes,
  uniqCombinedStateIf(12)(ifNull(l.ip, ''), l.type = 'security' AND ifNull(l.ip, '') != '') AS addresses
FROM logs AS l
WHERE l.project != 'yumops'
GROUP BY at, project, service, environment, type, level, event, severity, endpoint;
