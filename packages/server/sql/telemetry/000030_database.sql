-- What a statement of a watched database did in the interval that ends at the timestamp. Texts carry no values.
CREATE TABLE database_sample_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  database LowCardinality(String),
  queryId String CODEC(ZSTD(1)),
  query String CODEC(ZSTD(1)),
  calls UInt64,
  rows UInt64,
  totalMs Float64 CODEC(Gorilla, ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (database, queryId, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW database_samples AS
SELECT
  timestamp, database, queryId, query, calls, rows, totalMs, totalMs / calls AS meanMs, project, service, environment,
  release, release AS version
FROM database_sample_rows;
