-- From where, and what only some kinds have: resources of a page load, the script of a frame that took long.
ALTER TABLE browser_timing_rows
  ADD COLUMN country LowCardinality(Nullable(String)) AFTER device,
  ADD COLUMN details String DEFAULT '{}' CODEC(ZSTD(1)) AFTER country;

CREATE OR REPLACE VIEW browser_timings AS
SELECT
  timestamp, kind, name, route, method, statusCode, duration, dnsLookup, tcpConnection, serverResponse, domProcessing,
  resourceLoading, totalLoadTime, success, device, traceId, sessionId, nullIf(service, '') AS service,
  nullIf(environment, '') AS environment, nullIf(release, '') AS release, nullIf(release, '') AS version, project,
  country, details
FROM browser_timing_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- What pages say that people did. It comes with a public key, so it is no line of the log.
CREATE TABLE browser_event_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  name LowCardinality(String),
  data String DEFAULT '{}' CODEC(ZSTD(1)),
  route LowCardinality(String),
  device LowCardinality(String),
  country LowCardinality(Nullable(String)),
  -- Empty where the page did not say who it is.
  userId String CODEC(ZSTD(1)),
  sessionId String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (project, name, id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW browser_events AS
SELECT
  timestamp, name, data, route, device, country, nullIf(userId, '') AS userId, sessionId,
  nullIf(service, '') AS service, nullIf(environment, '') AS environment, nullIf(release, '') AS release,
  nullIf(release, '') AS version, project
FROM browser_event_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
