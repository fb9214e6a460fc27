import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installScript } from '../../src/care/database/index.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { check, open, run, startEmbeddedServer, type TestServer } from './server.ts';
import { makeHosted } from './supabase.ts';
import { maintain, plan } from './upkeep.ts';

const SCRIPTS = new URL('../../sql/monitored/', import.meta.url);

describe.each([15, 18] as const)('Postgres %i, run as Supabase runs it', (major) => {
  let server: TestServer;
  let operator: string;
  let notices: string[];

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
    operator = await makeHosted(await server.createDatabase('hosted'));
    const files = (await readdir(SCRIPTS)).sort();
    const scripts = await Promise.all(files.map((name) => readFile(new URL(name, SCRIPTS), 'utf8')));
    const db = await connectMonitored('main', operator);
    notices = await db.apply(installScript({ profile: 'supabase', role: 'yumops_monitor', verifier: null, scripts }));
    await db.close();
  });

  afterAll(() => server?.stop());

  const hosted = (url: string) => check(url, {}, { profile: 'supabase' });

  test('the script runs without a superuser, says what it could not do, and opens nothing to visitors', async () => {
    const warnings = notices.filter((notice) => notice.startsWith('WARNING'));
    // Before 16 a role that may create roles may also hand out those that it has not been given to hand out.
    const granted = !warnings.join('\n').includes('pg_monitor cannot be granted by operator');
    expect(granted).toBe(major < 16);
    expect(warnings.join('\n')).toMatch(/amcheck must be created by an administrator/);
    const client = await open(operator);
    for (const role of ['anon', 'authenticated']) {
      await client.query(`SET ROLE ${role}`);
      for (const sql of [
        'SELECT public.get_table_sizes()',
        'SELECT * FROM public.health_check',
        "SELECT public.reindex_table('x')",
      ]) {
        await expect(client.query(sql), `${role}: ${sql}`).rejects.toThrow('permission denied');
      }
      await client.query('RESET ROLE');
    }
    expect((await client.query('SELECT public.get_connection_stats() AS stats')).rows).toHaveLength(1);
    await client.end();
    expect((await hosted(operator)).filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  test('findings and upkeep leave the schemas of the host alone, and do their work beside them', async () => {
    const admin = new URL(operator);
    await run(
      operator,
      'CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz, v int)',
      'ALTER TABLE notes ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON notes TO authenticated USING (v > 0)',
      "INSERT INTO notes (at, v) SELECT now() - interval '9 days', i FROM generate_series(1, 60000) i",
      'CREATE INDEX fat ON notes (v); DELETE FROM notes WHERE v % 10 <> 0',
    );
    expect(admin.username).toBe('operator');
    const objects = (await plan(operator, undefined, { profile: 'supabase' })).map(({ object }) => object);
    expect(objects).toContain('public.notes');
    expect(objects.filter((object) => /^(auth|storage|extensions)\./.test(object))).toEqual([]);
    const { actions, status } = await maintain(operator, undefined, {
      profile: 'supabase',
      retention: [
        { table: 'notes', column: 'at', keep: 7 * 86_400_000, fileColumn: null, fileFolder: '/', confined: false },
      ],
    });
    expect(actions.filter(({ error }) => error !== null)).toEqual([]);
    expect(status).toBe('done');
    expect(actions.map(({ task }) => task)).toEqual(expect.arrayContaining(['retention', 'vacuum']));
    expect(
      (await hosted(operator)).map(({ object }) => object).filter((object) => /^(auth|storage)\./.test(object)),
    ).toEqual([]);
  });

  test('with the plain profile the host’s own objects would be told of', async () => {
    const codes = (await check(operator)).map(({ object }) => object);
    expect(codes).toContain('auth.uid()');
  });
});
