-- A row of this table has hundreds of counts, and the engine reads at least as many rows as a granule has, of every width and
-- time in it: small granules let it read those that are asked for. Parts that are there change when they are next merged.
DROP VIEW IF EXISTS endpoint_rollup_steps;

CREATE TABLE endpoint_rollup_finer (
  -- Seconds that a row covers: the quarter of an hour, the hour and the six hours of every request are each counted.
  width UInt32 CODEC(Delta(4), ZSTD(1)),
  at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  endpoint LowCardinality(String),
  timed SimpleAggregateFunction(sum, UInt64),
  duration SimpleAggregateFunction(sum, Float64),
  slowest SimpleAggregateFunction(max, Float64),
  places AggregateFunction(sumForEach, Array(UInt64))
) ENGINE = AggregatingMergeTree
ORDER BY (width, at, project, service, environment, endpoint)
TTL at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 64;

-- The engine refuses to replace from a table without rows. This one counts nothing and is of no width.
INSERT INTO endpoint_rollup (width, at) SELECT 0 AS width, now() AS at;

ALTER TABLE endpoint_rollup_finer REPLACE PARTITION ID 'all' FROM endpoint_rollup;

DROP TABLE IF EXISTS endpoint_rollup;

RENAME TABLE IF EXISTS endpoint_rollup_finer TO endpoint_rollup;

CREATE MATERIALIZED VIEW endpoint_rollup_steps TO endpoint_rollup AS
SELECT
  width, start AS at, project, service, environment, endpoint,
  sum(requests) AS timed,
  sum(took) AS duration,
  max(longest) AS slowest,
  initializeAggregation('sumForEachState', groupArrayInsertAt(0)(requests, place)) AS places
FROM (
  SELECT
    arrayJoin([toUInt32(900), toUInt32(3600), toUInt32(21600)]) AS width,
    toDateTime(intDiv(toUnixTimestamp(l.at), width) * width, 'UTC') AS start,
    l.project AS project, l.service AS service, l.environment AS environment, l.endpoint AS endpoint,
    toUInt32(intDiv(least(greatest(class, -120), 1080) + 121, 2)) AS place,
    sum(counted) AS requests,
    -- A row of the log's rollup has these once, however many classes it has.
    sumIf(l.duration, nth = 1) AS took,
    maxIf(l.slowest, nth = 1) AS longest
  FROM log_rollup AS l
  ARRAY JOIN
    mapKeys(l.classes) AS class, mapValues(l.classes) AS counted, arrayEnumerate(mapKeys(l.classes)) AS nth
  WHERE l.timed > 0
  GROUP BY width, start, project, service, environment, endpoint, place
)
GROUP BY width, start, project, service, environment, endpoint;

-- What another instance stored while there was no view is counted with the days that were not compared yet.
INSERT INTO derived_days SELECT DISTINCT 'endpoint_rollup' AS target, toDate(at) AS day, 'due' AS state FROM log_rollup WHERE timed > 0;
