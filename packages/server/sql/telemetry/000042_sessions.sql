-- A session is one row by its id, the newest update counts; rows of aggregates hold counts and an id of our own.
-- `timestamp` is the session's start, which updates repeat.
CREATE TABLE session_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  updatedAt DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  sid String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  status LowCardinality(String),
  errors UInt32,
  exited UInt32,
  errored UInt32,
  crashed UInt32,
  abnormal UInt32,
  durationMs Nullable(Float64),
  userKey String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree(updatedAt)
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, sid)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW sessions AS
SELECT
  sid, status, errors, nullIf(release, '') AS release, nullIf(release, '') AS version,
  nullIf(environment, '') AS environment, exited, errored, crashed, abnormal, durationMs, timestamp, updatedAt,
  nullIf(service, '') AS service, project
FROM session_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
