-- What comes along with errors. Ids make a repeated row one row.
CREATE TABLE feedback_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  eventId String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  message String CODEC(ZSTD(1)),
  email Nullable(String) CODEC(ZSTD(1)),
  name Nullable(String) CODEC(ZSTD(1)),
  associatedEventId Nullable(String) CODEC(ZSTD(1)),
  url Nullable(String) CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, eventId)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW feedback AS
SELECT
  eventId, message, email, name, associatedEventId, timestamp, url, nullIf(service, '') AS service,
  nullIf(environment, '') AS environment, nullIf(release, '') AS release, nullIf(release, '') AS version, project
FROM feedback_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The bytes lie in files; the id says where.
CREATE TABLE attachment_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  eventId Nullable(String) CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  filename String CODEC(ZSTD(1)),
  contentType LowCardinality(Nullable(String)),
  bytes UInt64,
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW attachments AS
SELECT
  id, eventId, filename, contentType, bytes, timestamp, nullIf(service, '') AS service,
  nullIf(environment, '') AS environment, nullIf(release, '') AS release, nullIf(release, '') AS version, project
FROM attachment_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- What was lost and why: `source` is `client` where an SDK says so, `server` where this platform refused it.
CREATE TABLE client_report_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  source LowCardinality(String),
  reason LowCardinality(String),
  category LowCardinality(String),
  quantity UInt64,
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW client_reports AS
SELECT
  reason, category, quantity, timestamp, source, nullIf(service, '') AS service,
  nullIf(environment, '') AS environment, nullIf(release, '') AS release, nullIf(release, '') AS version, project
FROM client_report_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

CREATE TABLE replay_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  replayId String CODEC(ZSTD(1)),
  eventId String CODEC(ZSTD(1)),
  segment UInt32,
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  urls Array(String) CODEC(ZSTD(1)),
  errorIds Array(String) CODEC(ZSTD(1)),
  traceIds Array(String) CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, replayId, eventId, segment)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW replays AS
SELECT
  replayId, eventId, timestamp, segment, urls, errorIds, traceIds, nullIf(service, '') AS service,
  nullIf(environment, '') AS environment, nullIf(release, '') AS release, nullIf(release, '') AS version, project
FROM replay_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
