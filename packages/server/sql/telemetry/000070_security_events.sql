-- Security events, found by address and account. They stand in `application_logs` too.
CREATE TABLE security_event_rows (
  timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  id String CODEC(ZSTD(1)),
  project LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  event LowCardinality(String),
  owasp LowCardinality(String),
  severity LowCardinality(String),
  ip Nullable(String) CODEC(ZSTD(1)),
  account Nullable(String) CODEC(ZSTD(1)),
  userId Nullable(String) CODEC(ZSTD(1)),
  reason Nullable(String) CODEC(ZSTD(1)),
  country LowCardinality(Nullable(String)),
  method LowCardinality(Nullable(String)),
  endpoint LowCardinality(Nullable(String)),
  statusCode Nullable(UInt16),
  requestId Nullable(String) CODEC(ZSTD(1)),
  traceId Nullable(String) CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  retentionClass LowCardinality(String),
  INDEX addresses ip TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX accounts account TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY (toDate(timestamp), retentionClass)
ORDER BY (toStartOfFiveMinutes(timestamp), project, timestamp)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW security_event_fill TO security_event_rows AS
SELECT
  l.timestamp AS timestamp, l.id AS id, l.project AS project, l.service AS service, l.environment AS environment,
  l.release AS release, ifNull(l.event, '') AS event, l.attributes['owasp'] AS owasp, ifNull(l.severity, '') AS severity,
  l.ip AS ip, nullIf(if(mapContains(l.attributes, 'account'), l.attributes['account'], l.attributes['email']), '') AS account,
  l.userId AS userId, nullIf(l.attributes['reason'], '') AS reason, nullIf(l.attributes['geo.country'], '') AS country,
  l.method AS method, l.endpoint AS endpoint, l.statusCode AS statusCode, l.requestId AS requestId, l.traceId AS traceId,
  l.attributes AS attributes, l.retentionClass AS retentionClass
FROM logs AS l
WHERE l.retentionClass = 'security' AND l.project != 'yumops';

CREATE VIEW security_events AS
SELECT
  timestamp, event, nullIf(owasp, '') AS owasp, nullIf(severity, '') AS severity, ip, account, userId, reason, country,
  method, endpoint, statusCode, requestId, traceId, nullIf(service, '') AS service, nullIf(environment, '') AS environment,
  nullIf(release, '') AS release, nullIf(release, '') AS version, project, attributes, id
FROM security_event_rows;
