import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { systemClock } from '../../lib/clock.ts';
import { runQuery } from '../../observe/logs/sql/run-query.ts';

const ROWS = 20_000;
const OWN_EVERY = 100;
const OWN = ROWS / OWN_EVERY;

let server: TestTelemetry;

/**
 * Wide parts whose `project` is dear to read and whose `environment` is cheap, without statistics that say which condition
 * keeps fewer rows: the engine would test the cheap one first.
 */
beforeAll(async () => {
  server = await startTestTelemetry();
  await server.telemetry.command(
    "ALTER TABLE logs MODIFY SETTING min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0, auto_statistics_types = ''",
  );
  const now = systemClock.now();
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const foreign = i % OWN_EVERY !== 0;
    return JSON.stringify({
      ...{ timestamp: now - 1_000 - (i % 1_000), id: String(i), level: 'info', retentionClass: 'logs' },
      ...{ type: 'performance', project: foreign ? randomBytes(12).toString('hex') : '1' },
      ...{ environment: foreign ? 'foreign-secret' : 'prod', duration: foreign ? 4242 : 1 },
      message: foreign ? 'foreign-message' : '1',
    });
  });
  for (let from = 0; from < ROWS; from += 2_000) {
    const some = rows.slice(from, from + 2_000);
    await server.telemetry.insert('logs', Buffer.from(some.join('\n')), {
      token: `rows ${from}`,
      rowCount: some.length,
    });
  }
  await server.telemetry.command('OPTIMIZE TABLE logs FINAL');
}, 120_000);

afterAll(() => server?.stop());

const ask = (sql: string) => runQuery(server.telemetry.within(['1']), sql, systemClock);
const NUMBER = "toUInt64(replaceOne(assumeNotNull(environment), 'prod', '1'))";
const DIVISION = 'intDiv(1, toInt64(assumeNotNull(duration)) - 4242)';

test('the parts are wide', async () => {
  expect(
    await server.telemetry.query(
      `SELECT DISTINCT part_type FROM system.parts WHERE database = currentDatabase() AND table = 'logs' AND active`,
    ),
  ).toEqual([{ part_type: 'Wide' }]);
});

describe('an expression that only rows of another project break', () => {
  test.each([
    ['WHERE', `SELECT count() FROM application_logs WHERE ${NUMBER} = 1`],
    ['WHERE that divides', `SELECT count() FROM application_logs WHERE ${DIVISION} = 0`],
    ['WHERE of an identifier', `SELECT count() FROM application_logs WHERE message = '1' AND ${NUMBER} = 1`],
    ['a choice', `SELECT countIf(${NUMBER} = 1) FROM application_logs`],
    [
      'HAVING',
      `SELECT sum(n) FROM (SELECT environment, count() AS n FROM application_logs GROUP BY environment HAVING ${NUMBER} = 1)`,
    ],
    [
      'HAVING of what is grouped by',
      `SELECT sum(n) FROM (SELECT ${NUMBER} AS e, count() AS n FROM application_logs GROUP BY e HAVING e = 1)`,
    ],
    ['IN', `SELECT count() FROM application_logs WHERE 1 IN (SELECT ${NUMBER} FROM application_logs)`],
    [
      'IN, of its left side',
      `SELECT count() FROM application_logs WHERE ${NUMBER} IN (SELECT toUInt64(message) FROM application_logs)`,
    ],
    [
      'a window',
      `SELECT count() FROM (SELECT environment, row_number() OVER (PARTITION BY environment ORDER BY id) AS n FROM application_logs) WHERE ${NUMBER} = 1`,
    ],
    [
      'a named part',
      `WITH x AS (SELECT environment, duration FROM application_logs) SELECT count() FROM x WHERE ${NUMBER} = 1 AND ${DIVISION} = 0`,
    ],
    ['ORDER BY with a limit', `SELECT ${OWN} * ${NUMBER} FROM application_logs ORDER BY ${NUMBER}, id LIMIT 1`],
    [
      'a union',
      `SELECT sum(n) FROM (SELECT count() AS n FROM application_logs WHERE ${NUMBER} = 1 UNION ALL SELECT count() FROM application_logs WHERE ${NUMBER} = 2)`,
    ],
    [
      'a join of few',
      `SELECT count() FROM (SELECT environment FROM application_logs) AS a JOIN (SELECT message FROM application_logs LIMIT 1) AS b ON toUInt64(replaceOne(assumeNotNull(a.environment), 'prod', '1')) = toUInt64(b.message)`,
    ],
    [
      'a join',
      `SELECT uniqExact(a.id) FROM application_logs AS a JOIN (SELECT message FROM application_logs LIMIT 3) AS b ON toUInt64(replaceOne(assumeNotNull(a.environment), 'prod', '1')) = toUInt64(b.message)`,
    ],
    [
      'a join with a condition',
      `SELECT uniqExact(a.id) FROM application_logs AS a JOIN application_logs AS b ON a.id = b.id WHERE toUInt64(replaceOne(assumeNotNull(b.environment), 'prod', '1')) = 1`,
    ],
  ])('%s', async (_name, sql) => {
    const { rows } = await ask(sql);
    expect(Number(rows[0]?.[0])).toBe(OWN);
  });
});

test('what goes wrong while the rows are read is not told in the words of the engine', async () => {
  const failed = await ask("SELECT toUInt64(concat('mine-', message)) FROM application_logs").catch((error) => error);
  expect(failed).toMatchObject({ code: 'invalid_query', status: 400 });
  expect(failed.message).not.toMatch(/mine|parse/i);
  await expect(ask('SELECT nothing_such FROM application_logs')).rejects.toThrow(/nothing_such/);
  await expect(ask('SELECT nothing_such(1)')).rejects.toThrow(/nothing_such/);
  await expect(ask('SELECT message, count() FROM application_logs')).rejects.toThrow(/GROUP BY/);
  const whole = runQuery(server.telemetry, "SELECT toUInt64(concat('mine-', '1'))", systemClock);
  await expect(whole).rejects.toThrow(/mine-1/);
});
