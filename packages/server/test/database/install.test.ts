import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { asRole, open, run, startEmbeddedServer, type TestServer } from './server.ts';

// Each command is a process of its own, and there are many.
vi.setConfig({ testTimeout: 180_000 });

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-install-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command as a person would, with one database in the configuration. */
async function yumops(args: string[], env: Record<string, string>, profile = 'plain'): Promise<Answer> {
  const config = join(folder, `${profile}.yml`);
  await writeFile(config, `databases: [{name: main, url: "\${DATABASE_URL}", profile: ${profile}}]\n`);
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH, YUMOPS_CONFIG: config, ...env } };
    execFile(process.execPath, [BIN, 'db', ...args], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
  });

  afterAll(() => server?.stop());

  test('installs as administrator what the watching role needs, no more, and again without harm', async () => {
    const admin = await server.createDatabase('app');
    await run(admin, 'CREATE TABLE secrets (id serial PRIMARY KEY, word text)');
    const watcher = asRole(admin, 'yumops_watch', 'p%40ss');
    const env = { DATABASE_URL: watcher, ADMIN_URL: admin };
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await yumops(['install', '--apply', '--as', 'ADMIN_URL', '--json'], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({ database: 'main', role: 'yumops_watch', applied: true, notices: [] });
    }
    expect(JSON.parse((await yumops(['check', '--json'], env)).stdout)).toEqual({ findings: [] });
    const client = await open(watcher);
    await expect(client.query('SELECT * FROM secrets')).rejects.toThrow('permission denied');
    await expect(client.query('SELECT public.analyze_all_tables()')).rejects.toThrow('permission denied');
    const sizes = await client.query('SELECT table_name FROM public.get_table_sizes()');
    expect(sizes.rows.map(({ table_name: name }) => name)).toContain('public.secrets');
    const stats = await client.query('SELECT public.get_connection_stats() AS stats');
    expect(stats.rows[0].stats).toMatchObject({ max_connections: 25, usage_percent: expect.any(Number) });
    await client.query('SELECT public.get_slow_queries(), public.get_unused_indexes()');
    await client.end();
    await run(admin, 'DROP OWNED BY yumops_watch; DROP ROLE yumops_watch');
  });

  test('installs without a superuser and closes what an API in front would open', async () => {
    const admin = await server.createDatabase('hosted');
    await run(
      admin,
      "CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'pw'; CREATE ROLE anon",
      'ALTER DATABASE hosted OWNER TO owner; ALTER SCHEMA public OWNER TO owner',
      'GRANT USAGE ON SCHEMA public TO anon',
      'ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT ALL ON TABLES TO anon',
      'ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT ALL ON FUNCTIONS TO anon',
    );
    const owner = asRole(admin, 'owner', 'pw');
    const { code, stdout } = await yumops(['install', '--apply', '--json'], { DATABASE_URL: owner }, 'supabase');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).notices.join('\n')).toContain('must be created by an administrator');
    const anon = await open(admin);
    await anon.query('SET ROLE anon');
    await expect(anon.query('SELECT public.get_table_sizes()')).rejects.toThrow('permission denied');
    await expect(anon.query('SELECT public.reindex_table($1)', ['x'])).rejects.toThrow('permission denied');
    await expect(anon.query('SELECT * FROM public.health_check')).rejects.toThrow('permission denied');
    await anon.end();
  });

  test('says with its exit code whether something is wrong', async () => {
    const url = await server.createDatabase('codes');
    const env = { DATABASE_URL: url };
    await run(
      url,
      'CREATE EXTENSION pg_stat_statements; CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p)',
    );
    const note = await yumops(['check', 'main', '--json'], env);
    expect(note.code).toBe(0);
    expect(JSON.parse(note.stdout).findings).toMatchObject([{ code: 'unindexed_fk', severity: 'info' }]);
    await run(url, 'GRANT CREATE ON SCHEMA public TO PUBLIC');
    const wrong = await yumops(['check'], env);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('REVOKE CREATE ON SCHEMA public FROM PUBLIC;');
    expect((await yumops(['check', 'other'], env)).code).toBe(2);
    const away = await yumops(['check', '--json'], { DATABASE_URL: url.replace(/:\d+\//, ':1/') });
    expect(away.code).toBe(1);
    expect(JSON.parse(away.stdout).findings).toMatchObject([{ code: 'probe_failed', severity: 'unknown' }]);
    for (const [list, key] of Object.entries({
      queries: 'queries',
      locks: 'sessions',
      indexes: 'indexes',
      tables: 'tables',
    })) {
      const answer = await yumops([list, '--json'], env);
      expect(answer.code).toBe(0);
      expect(JSON.parse(answer.stdout)[key]).toEqual(expect.any(Array));
    }
  });
});
