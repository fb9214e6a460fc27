import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../src/config/settings.ts';
import { loadUsableConfig } from '../../src/main/config.ts';
import { openSharedFiles } from '../../src/main/shared-files.ts';
import { MapSharing } from '../../src/observe/errors/sourcemaps/share-maps.ts';
import { AttachmentFiles } from '../../src/observe/ingest/sentry/attachment-files.ts';

const { signal } = new AbortController();
const id = (day: string, digit: string) => `${day}-${digit.repeat(32)}`;
let folder: string;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-shared-'));
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await rm(folder, { recursive: true, force: true });
});

/** The files that instances of one secret key share. */
function shared(current = 'k'.repeat(64), ...previous: string[]) {
  const settings = { ...readSettings({ data: join(folder, 'data') }, {}), blobUrl: `file:${folder}/blobs` };
  const { config } = loadUsableConfig(undefined, {});
  const shutdown = { add: (_: string, end: () => Promise<void>) => void ends.push(end) };
  return openSharedFiles({ settings, config, keyring: { current, previous }, shutdown: shutdown as never });
}

const instance = (name: string) => new AttachmentFiles(join(folder, name), shared());
const text = async (files: AttachmentFiles, name: string) => {
  const bytes = await files.read(name);
  return bytes && Buffer.from(bytes).toString();
};

test('what one instance took, every instance can show', async () => {
  const [a, b] = [instance('a'), instance('b')];
  await a.write([{ id: id('20260105', 'a'), bytes: Buffer.from('a screenshot') }]);
  expect(await text(a, id('20260105', 'a'))).toBe('a screenshot');
  expect(await text(b, id('20260105', 'a'))).toBeUndefined();
  expect(await a.move(signal)).toBe(1);
  expect(await text(a, id('20260105', 'a'))).toBe('a screenshot');
  expect(await text(b, id('20260105', 'a'))).toBe('a screenshot');
  expect(await readdir(join(folder, 'a/20260105'))).toEqual([]);
  const stored = await readFile(join(folder, 'blobs/yumops-files/attachments/20260105', id('20260105', 'a')));
  expect(stored.includes('screenshot')).toBe(false);
  const foreign = new AttachmentFiles(join(folder, 'c'), shared('x'.repeat(64)));
  await expect(foreign.read(id('20260105', 'a'))).rejects.toMatchObject({ code: 'backup_key_wrong' });
});

test('files of an earlier version move too; what is half written stays', async () => {
  await mkdir(join(folder, 'a/20260104'), { recursive: true });
  await writeFile(join(folder, 'a/20260104', id('20260104', 'b')), 'of before');
  await writeFile(join(folder, 'a/20260104', `${id('20260104', 'c')}.1234.partial`), 'half');
  expect(await instance('a').move(signal)).toBe(1);
  expect(await text(instance('b'), id('20260104', 'b'))).toBe('of before');
  expect(await readdir(join(folder, 'a/20260104'))).toEqual([`${id('20260104', 'c')}.1234.partial`]);
});

test('a store that is away keeps files here, where they can be read', async () => {
  await writeFile(join(folder, 'blobs'), 'a file where the folder should be');
  const a = instance('a');
  await a.write([{ id: id('20260105', 'a'), bytes: Buffer.from('waits') }]);
  await expect(a.move(signal)).rejects.toMatchObject({ code: expect.stringMatching(/^blob_/) });
  expect(await text(a, id('20260105', 'a'))).toBe('waits');
  await rm(join(folder, 'blobs'));
  expect(await a.move(signal)).toBe(1);
});

test('days that are over go, here and in the store', async () => {
  const a = instance('a');
  for (const day of ['20260103', '20260104', '20260105']) {
    await a.write([{ id: id(day, 'a'), bytes: Buffer.from(day) }]);
  }
  await a.move(signal);
  await a.write([{ id: id('20260103', 'b'), bytes: Buffer.from('late') }]);
  await a.expire(Date.UTC(2026, 0, 5, 12));
  const left = [id('20260103', 'a'), id('20260103', 'b'), id('20260104', 'a'), id('20260105', 'a')];
  expect(await Promise.all(left.map((name) => text(a, name)))).toEqual([undefined, undefined, undefined, '20260105']);
});

test('source maps reach every instance, those from before they were shared too', async () => {
  const before = Date.UTC(2026, 0, 5);
  const rows: { path: string; uploaded_at: Date }[] = [];
  const query = async (_: string, values: readonly unknown[] = []) =>
    rows.filter((row) => row.uploaded_at >= (values[0] as Date));
  const db = { query, transaction: () => Promise.reject(new Error('not needed')) } as never;
  const files = shared();
  const sharing = (name: string) => new MapSharing(db, join(folder, name), files);
  await mkdir(join(folder, 'a/debug-ids/ab'), { recursive: true });
  await writeFile(join(folder, 'a/debug-ids/ab/ab1.map.gz'), 'old map');
  await writeFile(join(folder, 'a/debug-ids/ab/ab2.map.gz'), 'second old map');
  rows.push({ path: 'debug-ids/ab/ab1.map.gz', uploaded_at: new Date(before) });
  rows.push({ path: 'debug-ids/ab/ab2.map.gz', uploaded_at: new Date(before + 1) });
  const [a, b] = [sharing('a'), sharing('b')];
  expect(await b.move(signal)).toBe(0);
  expect(await a.move(signal)).toBe(2);
  let taken = 0;
  for (let round = 0; round < 12; round++) taken += await b.move(signal);
  expect(taken).toBe(2);
  expect(await readFile(join(folder, 'b/debug-ids/ab/ab1.map.gz'), 'utf8')).toBe('old map');
  // An upload that came to another instance, and one that replaces a map that is here.
  await files.put('source-maps/debug-ids/cd/cd1.map.gz', Buffer.from('new map'));
  rows.push({ path: 'debug-ids/cd/cd1.map.gz', uploaded_at: new Date(before + 60_000) });
  await files.put('source-maps/debug-ids/ab/ab1.map.gz', Buffer.from('newer map'));
  rows.push({ path: 'debug-ids/ab/ab1.map.gz', uploaded_at: new Date(Date.now() + 3_600_000) });
  expect(await b.move(signal)).toBe(2);
  expect(await readFile(join(folder, 'b/debug-ids/cd/cd1.map.gz'), 'utf8')).toBe('new map');
  expect(await readFile(join(folder, 'b/debug-ids/ab/ab1.map.gz'), 'utf8')).toBe('newer map');
});

test('files are brought under a new key one by one, and each can be read at every moment', async () => {
  const [old, anew] = ['k'.repeat(64), 'n'.repeat(64)];
  const before = shared(old);
  for (const name of ['a', 'b', 'c']) await before.put(`source-maps/${name}`, Buffer.from(`map ${name}`));
  const files = shared(anew, old);
  const standings = async () => {
    const seen = [];
    for await (const { standing } of files.sealed.things()) seen.push(standing);
    return seen.toSorted();
  };
  expect(await standings()).toEqual(['previous', 'previous', 'previous']);
  for await (const thing of files.sealed.things()) {
    if (thing.standing === 'previous') expect(await thing.reseal()).toBe(true);
    break;
  }
  expect(await standings()).toEqual(['current', 'previous', 'previous']);
  for (const name of ['a', 'b', 'c']) expect(String(await files.get(`source-maps/${name}`))).toBe(`map ${name}`);
  for await (const thing of files.sealed.things()) if (thing.standing === 'previous') await thing.reseal();
  const alone = shared(anew);
  for (const name of ['a', 'b', 'c']) expect(String(await alone.get(`source-maps/${name}`))).toBe(`map ${name}`);
});
