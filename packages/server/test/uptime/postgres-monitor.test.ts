import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkOnce } from '../../src/observe/uptime/testing/monitors.ts';
import { serveTcp } from '../../src/observe/uptime/testing/servers.ts';
import { postgresProbe } from '../../src/store/probes/index.ts';
import { startTestState, type TestState } from '../engines.ts';

let state: TestState;
beforeAll(async () => {
  state = await startTestState();
  await state.db.query('CREATE TABLE restaurants AS SELECT generate_series(1, 3) AS id');
});
afterAll(() => state?.stop());

function check(keys: Record<string, unknown> = {}, change: (url: URL) => void = () => undefined) {
  const url = new URL(state.url);
  change(url);
  return checkOnce({ kind: 'postgres', url: url.href, timeout: '2s', ...keys }, { postgres: postgresProbe });
}

const counted = { query: 'select count(*) from restaurants' };

test('a database that answers as asserted is up', async () => {
  const result = await check({ ...counted, assertions: ['value > 0', 'value == 3', 'time < 2s'] });
  expect(result).toMatchObject({ verdict: 'up', reason: null, phases: { dns: null, tls: null } });
  expect(result.phases.connect).toBeGreaterThan(0);
  expect(result.phases.firstByte).toBeGreaterThan(0);
  expect(await check({ query: `select '{"a": [1]}'::jsonb`, assertions: ['value == {"a":[1]}'] })).toMatchObject({
    verdict: 'up',
  });
});

test.each<[string, Record<string, unknown>, (url: URL) => void, string | RegExp]>([
  ['another value', { ...counted, assertions: ['value > 3'] }, () => undefined, 'Expected value > 3, found "3".'],
  [
    'no row',
    { query: 'select 1 where false', assertions: ['value == 1'] },
    () => undefined,
    'Expected value == 1, found nothing.',
  ],
  [
    'no table',
    { query: 'select 1 from nowhere' },
    () => undefined,
    'The query failed: relation "nowhere" does not exist.',
  ],
  [
    'a query that writes',
    { query: 'delete from restaurants' },
    () => undefined,
    /cannot execute DELETE in a read-only transaction/,
  ],
  ['a slow query', { query: 'select pg_sleep(30)', timeout: '300ms' }, () => undefined, /^Timed out after 300 ms/],
  [
    'no database',
    {},
    (url) => {
      url.pathname = '/nowhere';
    },
    /^The login at 127\.0\.0\.1:\d+ was refused: database "nowhere" does not exist\.$/,
  ],
  [
    'a wrong password',
    {},
    (url) => {
      url.password = 'wrong';
    },
    /^The login at 127\.0\.0\.1:\d+ was refused: password authentication failed for user "\w+"\.$/,
  ],
  ['no TLS', {}, (url) => url.searchParams.set('sslmode', 'require'), /The server does not support SSL connections/],
])('%s is down', async (_what, keys, change, reason) => {
  const result = await check(keys, change);
  expect(result.verdict).toBe('down');
  expect(result.reason).toMatch(reason);
});

test('a server that is away or hangs is down', async () => {
  const hung = await serveTcp(() => undefined);
  const at = (port: number) => (url: URL) => {
    url.port = String(port);
  };
  expect((await check({ timeout: '300ms' }, at(hung.port))).reason).toBe('Timed out after 300 ms while connecting.');
  await hung.close();
  expect((await check({}, at(hung.port))).reason).toBe(`The connection to 127.0.0.1:${hung.port} was refused.`);
});

test('a query that was broken off does not go on in the database', async () => {
  await check({ query: 'select pg_sleep(31)', timeout: '300ms' });
  const running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'yumops uptime' AND state = 'active'";
  await expect.poll(async () => Number((await state.db.query<{ count: number }>(running))[0]?.count)).toBe(0);
});
