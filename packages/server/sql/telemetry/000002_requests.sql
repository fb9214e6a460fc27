-- One row a request: several sources may report the same one, so rows with one `dedupKey` (the request id, or the id of
-- the log row where there is none) become one.
CREATE TABLE request_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  receivedAt DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  method LowCardinality(Nullable(String)),
  endpoint LowCardinality(Nullable(String)),
  statusCode Nullable(UInt16),
  duration Nullable(Float64),
  requestBytes Nullable(UInt64),
  responseBytes Nullable(UInt64),
  requestId Nullable(String) CODEC(ZSTD(1)),
  traceId Nullable(String) CODEC(ZSTD(1)),
  clientIp Nullable(String) CODEC(ZSTD(1)),
  userId Nullable(String) CODEC(ZSTD(1)),
  slow Nullable(Bool),
  aborted Nullable(Bool),
  dedupKey String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree(receivedAt)
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (toStartOfHour(timestamp), project, dedupKey)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW requests AS
SELECT
  timestamp, nullIf(service, '') AS service, nullIf(environment, '') AS environment,
  nullIf(release, '') AS release, nullIf(release, '') AS version, project, method, endpoint, statusCode, duration,
  requestBytes, responseBytes, requestId, traceId, clientIp, userId, slow, aborted
FROM request_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
