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
  ip Nullable(String) CODEC(ZSTD(1)),
  userId Nullable(String) CODEC(ZSTD(1)),
  requestId Nullable(String) CODEC(ZSTD(1)),
  traceId Nullable(String) CODEC(ZSTD(1)),
  spanId Nullable(String) CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  retentionClass LowCardinality(String),
  INDEX messageWords lower(message) TYPE text(tokenizer = 'splitByNonAlpha'),
  INDEX traceIds traceId TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX requestIds requestId TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (toStartOfFiveMinutes(timestamp), service, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

-- What people query. The platform's own records bear the project `yumops`, which no key can have.
CREATE VIEW application_logs AS
SELECT
  timestamp, level, message, type, event, severity, endpoint, method, statusCode, duration, ip, userId, requestId,
  traceId, spanId, nullIf(service, '') AS service, nullIf(environment, '') AS environment,
  nullIf(release, '') AS release, nullIf(release, '') AS version, project, attributes, id
FROM logs
WHERE project != 'yumops';
