import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readActivity } from '../../src/care/database/read/activity.ts';
import { readPlan } from '../../src/care/database/read/plan.ts';
import { readStatements } from '../../src/care/database/read/statements.ts';
import { signalSession } from '../../src/care/database/signal-session.ts';
import { connectMonitored, type DatabaseConnection } from '../../src/store/monitored/index.ts';
import { asRole, open, run, startEmbeddedServer, type TestServer, until } from './server.ts';

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
  });

  afterAll(() => server?.stop());

  const sessionOf = async (db: DatabaseConnection, text: string) =>
    (await readActivity(db, 100)).find(({ query }) => query?.includes(text));

  test('shows sessions without values, and ends the one that is meant', async () => {
    const url = await server.createDatabase('sessions');
    await run(url, 'CREATE TABLE t (id int PRIMARY KEY, secret text)', "INSERT INTO t VALUES (1, 'x')");
    const db = await connectMonitored('main', url);
    const [holder, waiter] = await Promise.all([open(url), open(url)]);
    await holder.query("BEGIN; UPDATE t SET secret = 'hunter2' WHERE id = 1");
    const waiting = waiter.query('DELETE FROM t WHERE id = 1').catch((error: { code: string }) => error.code);
    await until(async () => ((await sessionOf(db, 'DELETE'))?.blockers.length ?? 0) > 0);
    const [held, waits] = [await sessionOf(db, 'UPDATE'), await sessionOf(db, 'DELETE')];
    expect(held).toMatchObject({ state: 'idle in transaction', blockers: [] });
    expect(held?.query).not.toContain('hunter2');
    expect(waits?.blockers).toEqual([held?.pid]);
    if (!held || !waits) throw new Error('no sessions');
    await expect(
      signalSession(db, 'terminate', { pid: held.pid, since: '2000-01-01T00:00:00.000Z' }),
    ).rejects.toMatchObject({
      code: 'session_gone',
    });
    await signalSession(db, 'cancel', waits);
    expect(await waiting).toBe('57014');
    await signalSession(db, 'terminate', held);
    await until(async () => (await sessionOf(db, 'UPDATE')) === undefined);
    await Promise.all([holder.end().catch(() => undefined), waiter.end(), db.close()]);
  });

  test('tells for which trace and request a statement of the SDK runs', async () => {
    const url = await server.createDatabase('asked');
    const db = await connectMonitored('main', url);
    const client = await open(url);
    const traceId = '5b8efff798038103d269b633813fc60c';
    const comment = `/*request_id='r%2F1%20%27%2A%2F',traceparent='00-${traceId}-00f067aa0ba902b7-01'*/`;
    const long = `${comment} SELECT pg_sleep(30) /* ${'x'.repeat(2_000)} */`;
    const sleeping = client.query(long).catch((error: { code: string }) => error.code);
    await until(async () => (await sessionOf(db, 'pg_sleep')) !== undefined);
    const session = await sessionOf(db, 'pg_sleep');
    expect(session).toMatchObject({ traceId, requestId: "r/1 '*/", query: 'SELECT pg_sleep(?)' });
    await signalSession(db, 'cancel', session as never);
    expect(await sleeping).toBe('57014');
    await client.query("SELECT 2 AS unasked, 'traceparent=''00-1'''");
    expect(await sessionOf(db, 'unasked')).toMatchObject({ traceId: null, requestId: null });
    await Promise.all([client.end(), db.close()]);
  });

  test('a role without the right to end sessions is told which', async () => {
    const url = await server.createDatabase('powerless');
    await run(url, "CREATE ROLE looker LOGIN PASSWORD 'pw'; GRANT pg_monitor TO looker");
    const db = await connectMonitored('main', asRole(url, 'looker', 'pw'));
    const idle = await open(url);
    await idle.query('SELECT 1 AS mark');
    const session = await sessionOf(db, 'mark');
    await expect(signalSession(db, 'terminate', session as never)).rejects.toMatchObject({
      code: 'not_allowed',
      hint: expect.stringContaining('GRANT pg_signal_backend TO "looker"'),
    });
    await Promise.all([idle.end(), db.close()]);
    await run(url, 'DROP ROLE looker');
  });

  test('plans a counted statement without running it', async () => {
    const url = await server.createDatabase('plans');
    await run(
      url,
      'CREATE EXTENSION pg_stat_statements',
      'CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, "N n" text)',
      'ALTER DATABASE plans SET search_path = app, public',
    );
    await run(url, `SELECT "N n" FROM t WHERE id = 7`, `UPDATE t SET "N n" = 'x' WHERE id = 7 AND "N n" LIKE 'a%'`);
    const db = await connectMonitored('main', url);
    for (const { id, query } of await readStatements(db, 20)) {
      if (!/ t /.test(query)) continue;
      const { plan } = await readPlan(db, id);
      expect(plan.join('\n')).toMatch(/Index Scan using t_pkey|Update on t/);
    }
    await expect(readPlan(db, '12345')).rejects.toMatchObject({ code: 'not_found' });
    await db.close();
  });
});
