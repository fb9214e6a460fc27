-- Unique by series and time: an exporter that sends a point twice adds nothing.
CREATE TABLE metric_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  receivedAt DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  name LowCardinality(String),
  type LowCardinality(String) DEFAULT 'gauge',
  value Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
  count Nullable(UInt64),
  sum Nullable(Float64),
  unit LowCardinality(Nullable(String)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  series UInt64 MATERIALIZED cityHash64(project, service, environment, mapSort(attributes)),
  retentionClass LowCardinality(String)
) ENGINE = ReplacingMergeTree(receivedAt)
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (name, series, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW metrics AS
SELECT
  timestamp, name, type, value, count, sum, unit, nullIf(service, '') AS service, nullIf(environment, '') AS environment,
  nullIf(release, '') AS release, nullIf(release, '') AS version, project, attributes
FROM metric_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
