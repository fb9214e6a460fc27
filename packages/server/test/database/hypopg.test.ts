import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/engines/free-port.ts';
import { asRole, check, open, run, until } from './server.ts';

const PROGRAMS = '/usr/lib/postgresql/15/bin';
const EXTENSION = '/usr/share/postgresql/15/extension/hypopg.control';

/** The embedded server has no hypopg; Debian packages it for its own. */
function whyNot(): string | null {
  if (!existsSync(join(PROGRAMS, 'postgres'))) return 'postgresql-15 is not installed';
  return existsSync(EXTENSION) ? null : 'postgresql-15-hypopg is not installed';
}

/** A server of the system's own programs, as the user that may run it. */
async function startSystemServer() {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-test-hypopg-'));
  const isRoot = process.getuid?.() === 0;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString());
  const user = isRoot ? { uid: id('-u'), gid: id('-g') } : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(join(PROGRAMS, 'initdb'), ['-D', data, '-U', 'app', '--auth=trust', '--no-sync'], {
    ...user,
    cwd: folder,
  });
  const port = await freePort();
  const settings = {
    port,
    unix_socket_directories: folder,
    shared_preload_libraries: 'pg_stat_statements',
    fsync: 'off',
  };
  const child = spawn(
    join(PROGRAMS, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...user, cwd: folder, stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const url = `postgres://app@127.0.0.1:${port}/postgres`;
  await until(() =>
    run(url, 'SELECT 1').then(
      () => true,
      () => false,
    ),
  );
  return {
    url,
    async stop() {
      child.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const reason = whyNot();

describe.skipIf(reason !== null)(`the planner is asked about indexes${reason === null ? '' : ` (${reason})`}`, () => {
  let server: Awaited<ReturnType<typeof startSystemServer>>;

  beforeAll(async () => {
    server = await startSystemServer();
    await run(
      server.url,
      'CREATE EXTENSION pg_stat_statements',
      'CREATE TABLE "Visits" (id int, "At where" int, flag int)',
      'INSERT INTO "Visits" SELECT i, i % 5000, 1 FROM generate_series(1, 60000) i',
      'ANALYZE',
    );
    const client = await open(server.url);
    for (let call = 0; call < 30; call++) {
      await client.query(`SELECT id FROM "Visits" WHERE "At where" = ${call}`);
      await client.query(`SELECT id FROM "Visits" WHERE flag = ${call + 2}`);
    }
    await client.end();
  });

  afterAll(() => server?.stop());

  const missing = async (url: string) => {
    const findings = await check(url, { slow_query_ms: 0, slow_query_calls: 10 });
    return findings.filter(({ code }) => code === 'missing_index');
  };

  test('without the extension advice is a guess, and says so', async () => {
    const found = await missing(server.url);
    expect(found).toHaveLength(2);
    for (const { severity, message } of found) {
      expect(severity).toBe('warning');
      expect(message).toContain('with the extension hypopg the planner would be asked');
    }
  });

  test('with it costs before and after are told, and an index that would not be used is only noted', async () => {
    await run(server.url, 'CREATE SCHEMA "Ext"', 'CREATE EXTENSION hypopg SCHEMA "Ext"');
    const found = await missing(server.url);
    const useful = found.find(({ object }) => object === 'public."Visits" ("At where")');
    expect(useful).toMatchObject({ severity: 'warning' });
    const [, after, before] = /by hypopg a cost of ([\d.,]+) instead of ([\d.,]+)\./.exec(useful?.message ?? '') ?? [];
    expect(Number(after?.replaceAll(',', ''))).toBeLessThan(Number(before?.replaceAll(',', '')) / 5);
    const useless = found.find(({ object }) => object === 'public."Visits" ("flag")');
    expect(useless).toMatchObject({ severity: 'info', message: expect.stringContaining('would not use it') });
    // The advice is true: once the index is there, nothing is missing any more.
    await run(server.url, useful?.fix as string, 'ANALYZE');
    expect((await missing(server.url)).map(({ object }) => object)).not.toContain(useful?.object);
    const client = await open(server.url);
    const { rows } = await client.query('SELECT count(*)::int AS n FROM "Ext".hypopg_list_indexes');
    expect(rows).toEqual([{ n: 0 }]);
    await client.end();
    await run(server.url, 'DROP INDEX "Visits_At where_idx"');
  });

  test('a role that may not plan says why', async () => {
    await run(server.url, "CREATE ROLE watcher LOGIN IN ROLE pg_monitor PASSWORD 'x'");
    const found = await missing(asRole(server.url, 'watcher', 'x'));
    expect(found.length).toBeGreaterThan(0);
    for (const { severity, message } of found) {
      expect(severity).toBe('warning');
      expect(message).toMatch(/the planner could not be asked: .*permission denied/);
    }
  });
});
