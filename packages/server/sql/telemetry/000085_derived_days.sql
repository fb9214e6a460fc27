-- Days whose lines were there before a table that is filled from them, by that table: they are counted once each.
CREATE TABLE derived_days (
  target LowCardinality(String),
  day Date,
  state Enum8('due' = 1, 'filled' = 2)
) ENGINE = ReplacingMergeTree ORDER BY (target, day, state);

INSERT INTO derived_days SELECT 'log_rollup' AS target, day, state FROM log_rollup_days;

INSERT INTO derived_days SELECT DISTINCT 'endpoint_rollup' AS target, toDate(at) AS day, 'due' AS state FROM log_rollup WHERE timed > 0;

INSERT INTO derived_days SELECT DISTINCT 'business_event_rows' AS target, toDate(timestamp) AS day, 'due' AS state FROM logs WHERE type = 'business';

DROP TABLE log_rollup_days;
