-- How long requests took, by route: what the endpoint analysis draws. A map of classes is merged key by key; an array of
-- counts with a place for each class is merged several times faster, and rows of the width that a chart has need no merging.
-- A place holds two classes of the log's rollup, from 0.1 ms on, so that its middle is within 2 % of what it counts.
-- No partitions, for the same reason as the log's rollup.
CREATE TABLE endpoint_rollup (
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
SETTINGS non_replicated_deduplication_window = 1000;

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
