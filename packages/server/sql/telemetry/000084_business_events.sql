-- Who did what, in the order in which the funnel asks: the same question over the log reads ids and texts of every line.
-- Kept like the lines that it comes from, in partitions of the same days and classes.
CREATE TABLE business_event_rows (
  timestamp DateTime64(3, 'UTC') CODEC(T64, LZ4),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  event LowCardinality(String),
  -- Empty where the line names nobody.
  userId String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (userId, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW business_event_lines TO business_event_rows AS
SELECT
  l.timestamp AS timestamp,
  l.project AS project,
  l.service AS service,
  l.environment AS environment,
  ifNull(l.event, '') AS event,
  ifNull(l.userId, '') AS userId,
  l.retentionClass AS retentionClass
FROM logs AS l
WHERE l.type = 'business' AND l.project != 'yumops';
