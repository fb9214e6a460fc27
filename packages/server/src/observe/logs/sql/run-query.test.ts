import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../../test/engines.ts';
import { splitStatements } from '../../../lib/clickhouse-tokens.ts';
import { systemClock } from '../../../lib/clock.ts';
import { runQuery } from './run-query.ts';

let store: TestTelemetry;

const MINUTE = 60_000;

beforeAll(async () => {
  store = await startTestTelemetry();
  const now = systemClock.now();
  const rows = [
    { level: 'info', type: 'performance', endpoint: '/a', duration: 10 },
    { level: 'info', type: 'performance', endpoint: '/a', duration: 30 },
    { level: 'error', type: 'performance', endpoint: '/b', duration: 500 },
    { level: 'warn', type: 'security', event: 'failed_authentication', severity: 'high', ip: '192.0.2.1' },
    { level: 'warn', type: 'security', event: 'failed_authentication', severity: 'high', ip: '192.0.2.1' },
    { level: 'info', type: 'business', event: 'order_placed' },
    { level: 'info', project: 'yumops', message: 'of the platform itself' },
  ].map((row, i) =>
    JSON.stringify({
      timestamp: now - MINUTE + i,
      id: String(i),
      project: '1',
      message: `row ${i}`,
      retentionClass: 'logs',
      ...row,
    }),
  );
  await store.telemetry.insert('logs', Buffer.from(rows.join('\n')), { token: 'rows', rowCount: rows.length });
});

afterAll(() => store?.stop());

const query = (sql: string) => runQuery(store.telemetry, sql, systemClock);

describe("the guide's analyses run as written", () => {
  const text = readFileSync(new URL('../../../../../../testdata/guide-queries.sql', import.meta.url), 'utf8');
  const [errorRate, performance, security, business] = splitStatements(text) as [string, string, string, string];

  it('error rate', async () => {
    const { columns, rows } = await query(errorRate);
    expect(columns.map(({ name }) => name)).toEqual(['hour', 'total_requests', 'error_count', 'error_rate']);
    expect(rows).toEqual([[expect.any(String), 6, 1, expect.closeTo(100 / 6)]]);
  });

  it('performance', async () => {
    const { rows } = await query(performance);
    expect(rows).toEqual([
      ['/b', 1, 500, 500, 500],
      ['/a', 2, 20, 29, 30],
    ]);
  });

  it('security events', async () => {
    expect((await query(security)).rows).toEqual([['failed_authentication', 'high', 2, 1]]);
  });

  it('business metrics', async () => {
    expect((await query(business)).rows).toEqual([['order_placed', 1, expect.any(String)]]);
  });
});

describe('a query', () => {
  it('has columns without rows, nulls, and numbers as numbers', async () => {
    const none = await query('SELECT timestamp, statusCode FROM application_logs WHERE 1 = 0');
    expect(none).toMatchObject({ columns: [{ name: 'timestamp' }, { name: 'statusCode' }], rows: [] });
    const [row] = (
      await query(
        'SELECT count(), max(duration), any(statusCode), toUInt64(7), service, version FROM application_logs GROUP BY service, version',
      )
    ).rows;
    expect(row).toEqual([6, 500, null, 7, null, null]);
    expect((await query('SELECT avg(duration) FROM application_logs WHERE 1 = 0')).rows).toEqual([[null]]);
  });

  it.each([
    "WITH x AS (SELECT level FROM application_logs) SELECT count() FROM x WHERE level IN (SELECT 'info')",
    'SELECT a.level, b.level FROM application_logs a JOIN application_logs b ON a.requestId = b.requestId',
    'SELECT row_number() OVER (PARTITION BY level ORDER BY timestamp) FROM application_logs',
    "SELECT attributes['x'], CASE WHEN level = 'error' THEN 1 ELSE 0 END FROM application_logs ORDER BY timestamp LIMIT 2 OFFSET 1",
    "SELECT quantilesExactIf(0.5, 0.9)(duration, type = 'performance'), countIf(level = 'error'), uniqExact(ip) FROM application_logs",
    'SELECT 1 UNION ALL SELECT count(*) FROM requests',
    'SELECT * FROM (SELECT * FROM checks) AS c LIMIT 1',
    'SELECT toStartOfInterval(timestamp, INTERVAL 5 MINUTE) AS t, count() FROM metrics GROUP BY t ORDER BY t WITH FILL STEP 300',
    'SELECT * FROM outbound_calls WHERE failed -- the end',
    "SELECT 'SETTINGS FORMAT system.tables; file()'",
  ])('%s runs', async (sql) => {
    await expect(query(sql)).resolves.toHaveProperty('rows');
  });

  it.each([
    // files, network, processes
    "SELECT file('/etc/passwd')",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1/x')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM executable('x.sh', 'TSV', 'a String')",
    "SELECT * FROM mysql('a', 'b', 'c', 'd', 'e')",
    "SELECT 1 INTO OUTFILE '/tmp/yumops-test-out'",
    "SELECT 1 INTO OUTFILE '/tmp/yumops-test-out' FORMAT CSV",
    // other tables
    'SELECT * FROM system.tables',
    'SELECT * FROM `system`.`processes`',
    'SELECT * FROM logs',
    'SELECT * FROM request_rows',
    'SELECT * FROM dead_letters',
    'SELECT * FROM schema_migrations',
    'SELECT * FROM default.application_logs',
    'SELECT * FROM information_schema.tables',
    "SELECT * FROM merge('.*')",
    "SELECT * FROM merge(currentDatabase(), 'logs')",
    'SELECT * FROM view(SELECT 1)',
    'SELECT * FROM numbers(10)',
    "SELECT * FROM values('a Int8', 1)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM dictionary('x')",
    "SELECT 1 WHERE 'x' IN system.one",
    "SELECT 1 WHERE 'x' IN (logs)",
    "SELECT 1 WHERE 'x' GLOBAL NOT IN logs",
    'SELECT (SELECT count() FROM logs)',
    'SELECT 1 WHERE EXISTS (SELECT 1 FROM logs)',
    'WITH logs AS (SELECT 1) SELECT * FROM logs',
    'SELECT * FROM (WITH logs AS (SELECT 1) SELECT * FROM logs), (SELECT * FROM logs)',
    'SELECT * FROM application_logs JOIN logs ON 1 = 1',
    'SELECT * FROM `application_logs\n  TableIdentifier`',
    'SELECT 1 UNION ALL SELECT count() FROM logs',
    'SELECT 1 UNION DISTINCT SELECT count() FROM logs',
    'SELECT 1 INTERSECT SELECT count() FROM logs',
    'SELECT 1 EXCEPT SELECT count() FROM logs',
    'SELECT * FROM (SELECT 1 UNION ALL SELECT count() FROM logs)',
    // comments and letters that hide what is asked
    "SELECT file/**/('/etc/passwd')",
    "SELECT FiLe('/etc/passwd')",
    'SELECT * FROM system/**/.tables',
    'SELECT * FROM SyStEm.tables',
    'SELECT count()/**/FROM/**/logs',
    'SELECT count() -- x\nFROM logs',
    'SELECT count() # x\nFROM logs',
    // functions
    'SELECT hostName()',
    "SELECT getSetting('max_threads')",
    'SELECT currentUser()',
    'SELECT currentDatabase()',
    'SELECT version()',
    'SELECT sleep(3)',
    'SELECT sleepEachRow(3) FROM application_logs',
    "SELECT joinGet('logs', 'a', 1)",
    "SELECT dictGet('a', 'b', 1)",
    "SELECT hasColumnInTable('system', 'tables', 'name')",
    'SELECT uptime()',
    "SELECT `file`('/etc/passwd')",
    "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
    "SELECT count() OVER (ORDER BY file('/etc/passwd'))",
    "SELECT 1 ORDER BY file('/etc/passwd')",
    "SELECT 1 LIMIT length(file('/etc/passwd'))",
    "WITH file('/etc/passwd') AS x SELECT x",
    "SELECT 1 AS a GROUP BY file('/etc/passwd')",
    "SELECT 1 HAVING file('/etc/passwd') = ''",
    "SELECT * REPLACE (file('/etc/passwd') AS level) FROM application_logs",
    'SELECT * APPLY(x -> file(x)) FROM application_logs',
    // other statements
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE logs',
    'DROP TABLE logs',
    'INSERT INTO logs SELECT * FROM application_logs',
    'KILL QUERY WHERE 1 = 1 ASYNC',
    'SHOW TABLES',
    'DESCRIBE application_logs',
    'EXPLAIN SELECT 1',
    'SET max_threads = 1',
    'USE system',
    'SYSTEM FLUSH LOGS',
    'CREATE TABLE x (a Int8) ENGINE = Memory',
    'CREATE FUNCTION f AS x -> x',
    'ALTER TABLE logs DELETE WHERE 1 = 1',
    'TRUNCATE TABLE logs',
    'ATTACH TABLE logs',
    "BACKUP TABLE logs TO File('/tmp/x')",
    'OPTIMIZE TABLE logs',
    'GRANT ALL ON *.* TO x',
    'EXISTS TABLE logs',
    'CHECK TABLE logs',
    // modifiers
    'SELECT 1 SETTINGS max_execution_time = 0',
    'SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)',
    'SELECT 1 UNION ALL SELECT 2 SETTINGS max_execution_time = 0',
    'SELECT 1 FORMAT JSON',
    'SELECT {x:String}',
    // nonsense
    '',
    ';',
    '/* nothing */',
    'SELEC 1',
    'SELECT missing FROM application_logs',
    'SELECT * FROM nothing',
    "SELECT 'unfinished",
    `SELECT ${'('.repeat(5_000)}1${')'.repeat(5_000)}`,
    `SELECT '${'x'.repeat(70_000)}'`,
  ])('%s is refused', async (sql) => {
    await expect(query(sql)).rejects.toMatchObject({
      status: 400,
      code: expect.stringMatching(/^(query_not_allowed|invalid_query)$/),
    });
  });

  it('that takes too much memory is refused as too heavy', async () => {
    const heavy =
      'SELECT count() FROM (SELECT arrayJoin(range(500000)) AS a) AS x, (SELECT arrayJoin(range(500000)) AS b) AS y GROUP BY a, b';
    await expect(query(heavy)).rejects.toMatchObject({ status: 422, code: 'query_too_heavy' });
  });

  it('ends when its reader goes away', async () => {
    const gone = new AbortController();
    const endless = runQuery(
      store.telemetry,
      'SELECT sum(cityHash64(a, b)) FROM (SELECT arrayJoin(range(1000000)) AS a) AS x, (SELECT arrayJoin(range(1000000)) AS b) AS y',
      systemClock,
      gone.signal,
    );
    systemClock.after(300, () => gone.abort());
    await expect(endless).rejects.toThrow();
    await expect(query('SELECT 1')).resolves.toMatchObject({ rows: [[1]] });
  });
});
