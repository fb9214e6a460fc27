-- Spans and transactions of every protocol. A span that is sent twice is one row: traces and spans have ids.
-- `isRoot` marks the span with which a service takes up a trace; `startTimestamp` is the event time of ingest.
CREATE TABLE span_rows (
  startTimestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  receivedAt DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  traceId String CODEC(ZSTD(1)),
  spanId String CODEC(ZSTD(1)),
  parentSpanId Nullable(String) CODEC(ZSTD(1)),
  name String CODEC(ZSTD(1)),
  kind LowCardinality(Nullable(String)),
  op LowCardinality(Nullable(String)),
  durationMs Float64 CODEC(ZSTD(1)),
  status LowCardinality(Nullable(String)),
  isRoot Bool DEFAULT false,
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  requestId Nullable(String) CODEC(ZSTD(1)),
  userId Nullable(String) CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  events String DEFAULT '[]' CODEC(ZSTD(1)),
  retentionClass LowCardinality(String),
  INDEX traceIds traceId TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = ReplacingMergeTree(receivedAt)
PARTITION BY (toDate(startTimestamp), retentionClass)
ORDER BY (toStartOfHour(startTimestamp), project, traceId, spanId)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW spans AS
SELECT
  traceId, spanId, parentSpanId, name, kind, op, startTimestamp, durationMs, status, isRoot,
  nullIf(service, '') AS service, nullIf(environment, '') AS environment, nullIf(release, '') AS release,
  nullIf(release, '') AS version, project, requestId, userId, attributes, events
FROM span_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
