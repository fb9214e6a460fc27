-- One row an error event, unique by its id. `groupHash` is what the event itself says of where it belongs (see the
-- grouping version); `event` is the whole event as it was understood: scrubbed, with source maps applied.
CREATE TABLE error_event_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  receivedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  storedAt DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  eventId String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  dist LowCardinality(Nullable(String)),
  level LowCardinality(String),
  type LowCardinality(Nullable(String)),
  message String CODEC(ZSTD(1)),
  culprit String CODEC(ZSTD(1)),
  transaction Nullable(String) CODEC(ZSTD(1)),
  platform LowCardinality(String),
  handled Nullable(Bool),
  groupHash String CODEC(ZSTD(1)),
  groupVersion UInt8,
  grouping String CODEC(ZSTD(1)),
  traceId Nullable(String) CODEC(ZSTD(1)),
  spanId Nullable(String) CODEC(ZSTD(1)),
  requestId Nullable(String) CODEC(ZSTD(1)),
  replayId Nullable(String) CODEC(ZSTD(1)),
  userId Nullable(String) CODEC(ZSTD(1)),
  userKey String CODEC(ZSTD(1)),
  serverName LowCardinality(Nullable(String)),
  tags Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  exception String CODEC(ZSTD(3)),
  event String CODEC(ZSTD(3)),
  retentionClass LowCardinality(String),
  INDEX eventIds eventId TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX groups groupHash TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX traceIds traceId TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = ReplacingMergeTree(receivedAt)
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, eventId)
SETTINGS non_replicated_deduplication_window = 1000;

-- Which issue a group of events was moved to by hand; the newest row of a group counts.
CREATE TABLE error_group_moves (
  project LowCardinality(String),
  groupHash String,
  issueId String,
  version UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (project, groupHash);

CREATE VIEW error_events AS
SELECT
  e.timestamp AS timestamp, e.receivedAt AS receivedAt, e.eventId AS eventId, e.level AS level, e.type AS type,
  e.message AS message, e.culprit AS culprit, e.transaction AS transaction, e.handled AS handled,
  nullIf(e.release, '') AS release, nullIf(e.release, '') AS version, e.dist AS dist,
  nullIf(e.environment, '') AS environment, nullIf(e.service, '') AS service, e.project AS project,
  if(m.issueId = '', e.groupHash, m.issueId) AS groupId, e.groupHash AS groupHash, e.traceId AS traceId,
  e.spanId AS spanId, e.requestId AS requestId, e.replayId AS replayId, e.userId AS userId, e.platform AS platform,
  e.serverName AS serverName, e.tags AS tags, e.exception AS exception
FROM (SELECT * FROM error_event_rows FINAL SETTINGS do_not_merge_across_partitions_select_final = 1) AS e
LEFT JOIN (SELECT project, groupHash, issueId FROM error_group_moves FINAL) AS m
  ON e.project = m.project AND e.groupHash = m.groupHash
SETTINGS join_use_nulls = 0;

-- Rules on errors read buckets like all others.
CREATE MATERIALIZED VIEW rule_buckets_error_events TO rule_buckets AS
SELECT
  'error_events' AS series,
  toDateTime(intDiv(toUnixTimestamp64Milli(timestamp) + 999, 1000), 'UTC') AS at,
  e.project AS project,
  e.service AS service,
  e.environment AS environment,
  e.release AS release,
  toJSONString(map('issue', e.groupHash, 'type', toString(ifNull(e.type, '')), 'level', toString(e.level))) AS labels,
  count() AS count,
  countIf(e.handled = false) AS bad,
  toFloat64(0) AS sum,
  toFloat64(0) AS min,
  toFloat64(0) AS max,
  argMaxState(toFloat64(0), timestamp) AS last,
  max(timestamp) AS lastAt,
  CAST(map(), 'Map(Int16, UInt64)') AS classes
FROM error_event_rows AS e
GROUP BY series, at, project, service, environment, release, labels;
