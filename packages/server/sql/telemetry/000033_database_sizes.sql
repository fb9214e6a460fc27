-- How large the largest tables and indexes of a watched database are, once an hour. A table counts with its indexes and
-- its TOAST.
CREATE TABLE database_size_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  database LowCardinality(String),
  kind LowCardinality(String),
  object String CODEC(ZSTD(1)),
  bytes UInt64 CODEC(Delta(8), ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (database, kind, object, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW database_sizes AS
SELECT timestamp, database, kind, object, bytes, project, service, environment, release, release AS version
FROM database_size_rows;
