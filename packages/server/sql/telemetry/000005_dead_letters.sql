-- Records that were refused, with the reason: nothing disappears without a trace.
CREATE TABLE dead_letters (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  project LowCardinality(String),
  source LowCardinality(String),
  line Nullable(UInt32),
  code LowCardinality(String),
  message String CODEC(ZSTD(1)),
  record String CODEC(ZSTD(1)),
  retentionClass LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (timestamp, code)
SETTINGS non_replicated_deduplication_window = 1000;
