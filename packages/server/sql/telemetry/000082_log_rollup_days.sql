-- Days whose lines were there before the rollup, or this migration: they are counted again against it, once each.
CREATE TABLE log_rollup_days (
  day Date,
  state Enum8('due' = 1, 'filled' = 2)
) ENGINE = ReplacingMergeTree ORDER BY (day, state);

INSERT INTO log_rollup_days SELECT DISTINCT toDate(timestamp) AS day, 'due' AS state FROM logs;
