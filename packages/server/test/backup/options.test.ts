import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';
import { type BackupRig, hooks, makeRig } from './rig.ts';

let server: TestServer;
let url: string;
let rig: BackupRig | undefined;
let s3: StrictS3 | undefined;

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  url = await server.createDatabase('app');
  await run(url, 'CREATE TABLE notes (id int PRIMARY KEY)', 'INSERT INTO notes SELECT generate_series(1, 50)');
});
afterEach(async () => {
  await rig?.remove();
  await s3?.stop();
});
afterAll(() => server?.stop());

async function databases(): Promise<string[]> {
  const client = await open(url);
  const { rows } = await client.query('SELECT datname FROM pg_database ORDER BY 1');
  await client.end();
  return rows.map(({ datname }) => datname);
}

test('scratch_url tries a backup on the server that it names, and leaves nothing there; smoke_queries must give rows', async () => {
  const scratch = Object.assign(new URL(url), { pathname: '/postgres' }).href;
  const queries = '["SELECT 1 FROM notes WHERE id = 50", "SELECT 1 FROM notes WHERE id = 51", "SELECT 1 FROM note"]';
  rig = await makeRig(url, `    scratch_url: "${scratch}"\n    smoke_queries: ${queries}\n`);
  const id = await rig.good();
  const before = await databases();
  const { ok, evidence, findings } = await rig.verify(id, 3);
  expect({ ok, findings }).toEqual({ ok: true, findings: [] });
  expect(evidence['server']).toMatch(/^PostgreSQL 15\./);
  const asked = await rig.verify(id, 4);
  expect(asked.findings).toMatchObject([
    { code: 'smoke_query', message: '"SELECT 1 FROM notes WHERE id = 51" gives no rows.' },
    { code: 'smoke_query', message: expect.stringContaining('relation "note" does not exist') },
  ]);
  expect(asked.evidence['queries']).toBe(3);
  expect(await databases()).toEqual(before);
});

test('a scratch_url that nobody answers at is a failure of the trial, not of the backup', async () => {
  rig = await makeRig(url, '    scratch_url: "postgres://nobody@127.0.0.1:1/postgres"\n');
  const id = await rig.good();
  await expect(rig.verify(id, 2)).rejects.toThrow(/ECONNREFUSED|cannot be reached/);
  const backups = rig.backups();
  expect(await backups.list(backups.config('nightly'))).toMatchObject([{ status: 'good', verified: null }]);
});

test('objects of a bucket are backed up page by page, each once, and come back byte for byte', async () => {
  const bucket = await startStrictS3({ pageSize: 4 });
  s3 = bucket;
  const bodies = new Map(
    Array.from({ length: 11 }, (_, n) => [`menus/day ${n}/größe & ${n}.txt`, Buffer.from(`soup ${n}`)]),
  );
  for (const [key, body] of bodies) bucket.replace(`some/prefix/${key}`, body);
  bucket.replace('some/prefix/menus/folder/', Buffer.alloc(0));
  bucket.replace('elsewhere/other.txt', Buffer.from('not ours'));
  rig = await makeRig(null, `    files: ["${bucket.url}"]\n`);
  const id = await rig.good();
  expect(await rig.verify(id, 1)).toMatchObject({ ok: true, findings: [] });
  const folder = join(rig.folder, 'back');
  await rig.backups().restoreFiles(id, { path: undefined, folder, yes: false }, hooks());
  const found = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const restored = await Promise.all(found.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
  expect(restored.sort()).toEqual([...bodies.values()].map(String).sort());
  for (const path of found) expect(path.parentPath).not.toContain('secret');
  // What has gone from the bucket is still in the backup; a second run stores what is new alone.
  bucket.replace('some/prefix/menus/new.txt', Buffer.from('salad'));
  const second = await rig.now();
  expect(await rig.stored('/chunks/')).toHaveLength(bodies.size + 1);
  expect(await rig.verify(second.id, 1)).toMatchObject({ ok: true });
});
