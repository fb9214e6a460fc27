import { ClickHouseError } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { createRowFilters } from './row-filters.ts';

let server: TestTelemetry;

beforeAll(async () => {
  server = await startTestTelemetry();
  const now = Date.now();
  const rows = ['1', '2', '2', "3'); --"].map((project, i) =>
    JSON.stringify({
      ...{
        timestamp: now - 1_000 - i,
        id: String(i),
        project,
        level: 'info',
        service: 'shop',
        retentionClass: 'security',
      },
      ...{ message: `of ${project}`, type: 'security', event: 'failed_authentication', ip: `192.0.2.${i}` },
    }),
  );
  await server.telemetry.insert('logs', Buffer.from(rows.join('\n')), { token: 'rows', rowCount: rows.length });
});

afterAll(() => server?.stop());

const LIMITS = { maxRows: 1_000, maxBytes: 1_000_000 };
const read = async (projects: readonly string[] | null, sql: string) =>
  (await server.telemetry.within(projects).read(sql, LIMITS)).rows;

describe('a store within projects', () => {
  test.each([
    ['a table', 'SELECT count() FROM logs', [[1]]],
    ['a view', 'SELECT count() FROM application_logs', [[1]]],
    ['a table that is filled from another', 'SELECT count() FROM security_event_rows', [[1]]],
    ['what is counted without reading', 'SELECT min(id), max(id) FROM logs', [['0', '0']]],
    ['a join', 'SELECT count() FROM application_logs a JOIN application_logs b ON a.service = b.service', [[1]]],
    [
      'a union',
      'SELECT sum(n) FROM (SELECT count() n FROM logs UNION ALL SELECT count() n FROM security_events)',
      [[2]],
    ],
    [
      'a named part',
      'WITH x AS (SELECT project FROM application_logs) SELECT groupUniqArray(project) FROM x',
      [[['1']]],
    ],
    ['a membership', "SELECT '2' IN (SELECT project FROM application_logs)", [[0]]],
    ['a membership of a name', "SELECT count() FROM logs WHERE ('2', id) IN (SELECT project, id FROM logs)", [[0]]],
    ['a scalar', '(SELECT count() FROM application_logs)', [[1]]],
    ['an except', 'SELECT project FROM logs EXCEPT SELECT project FROM security_events', []],
    ['a table without projects', 'SELECT count() FROM schema_migrations', [[0]]],
    ['hours of monitors', 'SELECT count() FROM checks_hourly', [[0]]],
  ])('sees its own rows alone: %s', async (_name, sql, rows) => {
    expect(await read(['1'], sql)).toEqual(rows);
  });

  test('of one project, of several, of one whose name is a trap, of none', async () => {
    const sql = 'SELECT count() FROM application_logs';
    const counts = [null, ['1'], ['1', '2'], ["3'); --"], ['9'], []].map(async (projects) => read(projects, sql));
    expect(await Promise.all(counts)).toEqual([[[4]], [[1]], [[3]], [[1]], [[0]], [[0]]]);
    expect(await server.telemetry.within(['2']).query('SELECT count() AS n FROM logs')).toEqual([{ n: 2 }]);
  });

  test('covers every table that has rows', async () => {
    const tables = await server.telemetry.query<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT IN ('View', 'MaterializedView')`,
    );
    expect(tables.length).toBeGreaterThan(20);
    const own = server.telemetry.within([]);
    for (const { name } of tables) {
      expect(await own.query(`SELECT count() AS n FROM ${name}`), name).toEqual([{ n: 0 }]);
    }
  });
});

test('an engine that leaves nothing out is not asked for anything', async () => {
  const deaf = createRowFilters(async (sql) => ({
    data: sql.includes('schema_migrations')
      ? [[31]]
      : [
          ['schema_migrations', 0],
          ['logs', 1],
        ],
  }));
  await expect(deaf(['1'])).rejects.toMatchObject({ code: 'projects_not_separable' });
});

test('an engine that does not keep the filter before conditions is not asked for anything', async () => {
  const old = createRowFilters(async (_sql, settings) => {
    if ('enable_join_runtime_filters' in settings) {
      throw new ClickHouseError({ message: 'Unknown setting', code: '115', type: 'UNKNOWN_SETTING' });
    }
    return { data: [['schema_migrations', 0]] };
  });
  await expect(old(['1'])).rejects.toMatchObject({
    code: 'projects_not_separable',
    hint: expect.stringContaining('enable_join_runtime_filters'),
  });
});
