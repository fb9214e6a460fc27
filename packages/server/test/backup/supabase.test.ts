import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest } from '../../src/care/backup/index.ts';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { makeHosted } from '../database/supabase.ts';
import { type BackupRig, makeRig } from './rig.ts';

let server: TestServer;
let operator: string;
let rig: BackupRig;
let id: string;

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  const admin = await server.createDatabase('hosted');
  operator = await makeHosted(admin);
  await run(
    admin,
    `INSERT INTO auth.users SELECT md5(n::text)::uuid, 'guest' || n || '@yumzoom.example' FROM generate_series(1, 50) n`,
    `INSERT INTO storage.buckets VALUES ('photos', false)`,
    `INSERT INTO storage.objects SELECT md5('o' || n)::uuid, 'photos', n || '.jpg' FROM generate_series(1, 20) n`,
    // What the host manages and nobody can restore.
    `CREATE SCHEMA vault; CREATE TABLE vault.secrets (secret text); INSERT INTO vault.secrets VALUES ('sealed')`,
    'CREATE SCHEMA realtime; CREATE TABLE realtime.messages (body text)',
  );
  // Large enough for a `pg_dump` of their own: one of the host's, which the operator only reads, and one of his.
  for (const [role, table] of [
    [admin, 'auth.audit'],
    [operator, 'posts'],
  ] as const) {
    await run(
      role,
      `CREATE TABLE ${table} AS SELECT i AS id, repeat(md5(i::text), 4) AS note FROM generate_series(1, 9000) i`,
    );
  }
  await run(
    operator,
    `CREATE TABLE profiles (id uuid PRIMARY KEY REFERENCES auth.users, name text NOT NULL);
     ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
     CREATE POLICY own ON profiles USING (id = auth.uid());
     INSERT INTO profiles SELECT id, email FROM auth.users`,
  );
  rig = await makeRig(operator, '    jobs: 3\n');
  const file = join(rig.folder, 'yumops.yml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('{name: main,', '{name: main, profile: supabase,'));
  id = await rig.good();
});

afterAll(async () => {
  await rig?.remove();
  await server?.stop();
});

test('the role of the project, which is no superuser, makes a backup with all that users have', async () => {
  const backups = rig.backups();
  const repository = await backups.repository(backups.config('nightly'));
  const manifest = await readManifest(repository, id);
  expect(manifest.warnings).toEqual([]);
  expect(manifest.objects.filter(({ part }) => /^dump/.test(part)).length).toBe(2);
  const object = manifest.objects.find(({ part }) => part === 'tables');
  const tables = JSON.parse(await repository.readText(object as NonNullable<typeof object>));
  const rows = Object.fromEntries(
    tables.map(({ schema, name, rows: count }: Record<string, unknown>) => [`${schema}.${name}`, count]),
  );
  expect(rows).toEqual({
    ...{
      'auth.audit': 9_000,
      'public.posts': 9_000,
      'auth.users': 50,
      'public.profiles': 50,
      'storage.buckets': 1,
      'storage.objects': 20,
    },
  });
});

test('it is verified by restoring it, with the policies and keys that lead into auth', async () => {
  expect(await rig.verify(id, 3)).toMatchObject({ ok: true, findings: [] });
});

test('it restores on another server as a role that is no superuser', async () => {
  const target = operator.replace('/hosted', '/restored');
  const report = await rig.restore(id, target);
  expect(report.warnings).toEqual([
    'roles, owners and privileges were left out: the role that restores is not a superuser',
    'the extension pg_stat_statements was left out: only a superuser can create it',
  ]);
  const client = await open(target);
  const { rows } = await client.query(
    `SELECT (SELECT count(*)::int FROM profiles) AS profiles, (SELECT count(*)::int FROM auth.users) AS users,
       (SELECT count(*)::int FROM pg_policies WHERE tablename = 'profiles') AS policies,
       to_regnamespace('vault') AS vault`,
  );
  await client.end();
  expect(rows).toEqual([{ profiles: 50, users: 50, policies: 1, vault: null }]);
});
