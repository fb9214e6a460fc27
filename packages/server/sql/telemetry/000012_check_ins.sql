-- One row for each time a job told of itself: `start`, `success` or `fail`. `slug` is the id of its monitor.
CREATE TABLE check_in_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  monitorId LowCardinality(String),
  monitor LowCardinality(String),
  slug LowCardinality(String),
  status LowCardinality(String),
  exitCode Nullable(UInt16),
  durationMs Nullable(Float64),
  output String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (slug, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW check_ins AS
SELECT
  timestamp, id, slug, status, durationMs, exitCode, output, monitor, monitorId, project, service, environment,
  release, release AS version
FROM check_in_rows;
