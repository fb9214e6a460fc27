-- Column names are the names that records carry on the wire, so that a line that needs no change is stored as it came.
-- `retentionClass` is decided at ingest; a partition holds one day of one class and is dropped whole when it expires.
CREATE TABLE logs (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  receivedAt DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  level LowCardinality(String),
  message String CODEC(ZSTD(1)),
  type LowCardinality(Nullable(String)),
  event LowCardinality(Nullable(String)),
  severity LowCardinality(Nullable(String)),
  endpoint LowCardinality(Nullable(String)),
  method LowCardinality(Nullable(String)),
  statusCode Nullable(UInt16),
  duration Nullable(Float64),
  ip Nullable(String),
  userId Nullable(String),
  requestId Nullable(String),
  traceId Nullable(String),
  spanId Nullable(String),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (toStartOfFiveMinutes(timestamp), service, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;
