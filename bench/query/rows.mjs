// The same rows in two dialects: everything about a row follows from its number.
const DAY_MS = 86_400_000;

const ENDPOINTS = 40;
const RARE = 'xylophone7';

/** The number of the row with the rare word, and of the one whose trace is looked up. */
export const marks = (rows) => ({ rare: Math.floor(rows * 0.61), traced: Math.floor(rows * 0.37), word: RARE });

/** The trace of a row. */
export const traceOf = (n) => n.toString(16).padStart(32, '0');

/** Inserts rows `from` up to `from + count` of `rows`, spread over a day up to `end` (ms). */
export function clickhouseInsert({ from, count, rows, end }) {
  const { rare } = marks(rows);
  return `INSERT INTO logs (timestamp, id, project, service, environment, release, level, message, type, event, severity,
      endpoint, method, statusCode, duration, ip, userId, requestId, traceId, spanId, attributes, retentionClass)
    WITH number AS n, n % 20 AS kind, concat('/api/r', toString(n * 7 % ${ENDPOINTS})) AS route,
      (n * 7919 % 100000) / 100 AS took
    SELECT fromUnixTimestamp64Milli(${end - DAY_MS} + intDiv(n * ${DAY_MS}, ${rows})), concat('b-', toString(n)), '1',
      ['yumzoom', 'api', 'worker', 'web'][n % 4 + 1], 'production', '1.14.2',
      multiIf(n % 50 = 7, 'error', n % 20 = 3, 'warn', n % 10 = 9, 'debug', 'info'),
      multiIf(n = ${rare}, 'found a ${RARE} in the kitchen',
        kind < 12, concat('GET ', route, ' 200 in ', toString(took), ' ms'),
        concat('Handled step ', toString(n % 7), ' for customer ', toString(n % 9973), ' after ', toString(n % 11), ' database queries')),
      multiIf(kind < 12, 'performance', kind < 14, 'business', kind = 14, 'security', NULL),
      multiIf(kind = 12, 'order_placed', kind = 13, ['user_registration', 'restaurant_rating'][intDiv(n, 20) % 2 + 1],
        kind = 14, ['failed_authentication', 'unauthorized_access'][n % 2 + 1], NULL),
      if(kind = 14, ['low', 'medium', 'high'][n % 3 + 1], NULL),
      if(kind < 12, route, NULL), if(kind < 12, 'GET', NULL), if(kind < 12, if(n % 50 = 7, 502, 200), NULL),
      if(kind < 12, took, NULL),
      concat('10.', toString(n % 200), '.', toString(n * 13 % 250), '.9'), concat('user_', toString(intDiv(n, 20) * 31 % 40000)),
      concat('r-', toString(n)), leftPad(lower(hex(n)), 32, '0'), leftPad(lower(hex(n + 3)), 16, '0'),
      map('plan', if(n % 4 = 0, 'gold', 'free')),
      multiIf(kind = 14, 'security', n % 10 = 9 AND n % 50 != 7 AND n % 20 != 3, 'debug_logs', 'logs')
    FROM numbers(${from}, ${count})`;
}

export const POSTGRES_TABLE = `CREATE UNLOGGED TABLE application_logs (timestamp timestamptz, id text, project text, service text,
  environment text, release text, level text, message text, type text, event text, severity text, endpoint text, method text,
  statusCode int, duration float8, ip text, userId text, requestId text, traceId text, spanId text, attributes jsonb)`;

/** What a careful operator would index for these questions. */
export const POSTGRES_INDEXES = [
  'CREATE INDEX ON application_logs (timestamp)',
  "CREATE INDEX ON application_logs (timestamp) WHERE level = 'error'",
  'CREATE INDEX ON application_logs (type, timestamp)',
  'CREATE INDEX ON application_logs USING hash (traceId)',
];
export const POSTGRES_WORDS = "CREATE INDEX ON application_logs USING gin (to_tsvector('simple', message))";

/** As `clickhouseInsert`. */
export function postgresInsert({ from, count, rows, end }) {
  const { rare } = marks(rows);
  return `INSERT INTO application_logs
    SELECT to_timestamp((${end - DAY_MS} + n * ${DAY_MS} / ${rows}) / 1000.0), 'b-' || n, '1',
      (ARRAY['yumzoom', 'api', 'worker', 'web'])[n % 4 + 1], 'production', '1.14.2',
      CASE WHEN n % 50 = 7 THEN 'error' WHEN n % 20 = 3 THEN 'warn' WHEN n % 10 = 9 THEN 'debug' ELSE 'info' END,
      CASE WHEN n = ${rare} THEN 'found a ${RARE} in the kitchen'
        WHEN kind < 12 THEN 'GET ' || route || ' 200 in ' || took || ' ms'
        ELSE 'Handled step ' || n % 7 || ' for customer ' || n % 9973 || ' after ' || n % 11 || ' database queries' END,
      CASE WHEN kind < 12 THEN 'performance' WHEN kind < 14 THEN 'business' WHEN kind = 14 THEN 'security' END,
      CASE WHEN kind = 12 THEN 'order_placed' WHEN kind = 13 THEN (ARRAY['user_registration', 'restaurant_rating'])[n / 20 % 2 + 1]
        WHEN kind = 14 THEN (ARRAY['failed_authentication', 'unauthorized_access'])[n % 2 + 1] END,
      CASE WHEN kind = 14 THEN (ARRAY['low', 'medium', 'high'])[n % 3 + 1] END,
      CASE WHEN kind < 12 THEN route END, CASE WHEN kind < 12 THEN 'GET' END,
      CASE WHEN kind < 12 THEN CASE WHEN n % 50 = 7 THEN 502 ELSE 200 END END, CASE WHEN kind < 12 THEN took END,
      '10.' || n % 200 || '.' || n * 13 % 250 || '.9', 'user_' || n / 20 * 31 % 40000, 'r-' || n, lpad(to_hex(n), 32, '0'),
      lpad(to_hex(n + 3), 16, '0'), jsonb_build_object('plan', CASE WHEN n % 4 = 0 THEN 'gold' ELSE 'free' END)
    FROM (SELECT n, n % 20 AS kind, '/api/r' || (n * 7 % ${ENDPOINTS}) AS route, (n * 7919 % 100000) / 100.0 AS took
      FROM generate_series(${from}::bigint, ${from + count - 1}) AS n) AS numbers`;
}
