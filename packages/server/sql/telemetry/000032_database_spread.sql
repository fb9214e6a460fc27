-- The sum of squared milliseconds of the calls, from which their spread is known; null where it was not counted.
ALTER TABLE database_sample_rows ADD COLUMN squaredMs Nullable(Float64) CODEC(ZSTD(1)) AFTER totalMs;

CREATE OR REPLACE VIEW database_samples AS
SELECT
  timestamp, database, queryId, query, calls, rows, totalMs, totalMs / calls AS meanMs, squaredMs, project, service,
  environment, release, release AS version
FROM database_sample_rows;
