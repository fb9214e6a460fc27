-- What the active sessions of a watched database waited for in the interval that ends at the timestamp, in seconds of
-- sessions. Divided by the length of a span it is the average number of sessions. Texts carry no values.
CREATE TABLE database_wait_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  database LowCardinality(String),
  waitType LowCardinality(String),
  waitEvent LowCardinality(String),
  queryId String CODEC(ZSTD(1)),
  query String CODEC(ZSTD(1)),
  seconds Float64 CODEC(Gorilla, ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (database, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW database_waits AS
SELECT
  timestamp, database, waitType, waitEvent, queryId, query, seconds, project, service, environment, release,
  release AS version
FROM database_wait_rows;
