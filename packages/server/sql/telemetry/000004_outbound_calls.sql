CREATE TABLE outbound_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  receivedAt DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  provider LowCardinality(Nullable(String)),
  host LowCardinality(String),
  method LowCardinality(Nullable(String)),
  statusCode Nullable(UInt16),
  duration Nullable(Float64),
  failed Bool DEFAULT false,
  reason LowCardinality(Nullable(String)),
  traceId Nullable(String) CODEC(ZSTD(1)),
  requestId Nullable(String) CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (toStartOfFiveMinutes(timestamp), host, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW outbound_calls AS
SELECT
  timestamp, provider, host, method, statusCode, duration, failed, reason,
  nullIf(service, '') AS service, nullIf(environment, '') AS environment,
  nullIf(release, '') AS release, nullIf(release, '') AS version, project, traceId, requestId, attributes
FROM outbound_rows;
