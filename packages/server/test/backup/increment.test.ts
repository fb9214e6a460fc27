import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import {
  BackupKey,
  BackupKeys,
  type BackupManifest,
  Repository,
  readManifest,
  writeManifest,
} from '../../src/care/backup/index.ts';
import { compress } from '../../src/care/backup/object/blocks.ts';
import { readBase } from '../../src/care/backup/physical/archive-state.ts';
import { takeBaseBackup } from '../../src/care/backup/physical/base-backup.ts';
import { checkBaseFiles } from '../../src/care/backup/physical/index.ts';
import { linksOf } from '../../src/care/backup/physical/parents.ts';
import { PieceHash } from '../../src/care/backup/physical/piece-hash.ts';
import type { BaseBackupPart, ReplicationSource } from '../../src/care/backup/physical/source.ts';
import { unpackLinks } from '../../src/care/backup/physical/unpack.ts';
import { makeScratch } from '../../src/engines/index.ts';
import { readBlob } from '../../src/lib/blob.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';

/** Blocks of a size of their own keep the files of a test small; the server's are 8,192 bytes. */
const BLOCK = 128;
const PIECE = BLOCK / 16;
const LABEL = 'START WAL LOCATION: 0/2000028\nLABEL: x\n';
let folder: string;

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A relation as the server has it, and what changed in it since the last backup. */
interface Relation {
  blocks: Buffer[];
  changed: Set<number>;
  /** The shortest that it was since then. */
  shortest: number;
  isNew: boolean;
}

/** A file of a backup. */
type Entry = [path: string, bytes: Buffer];

type Change =
  | { kind: 'write'; file: number; block: number; pieces: number[]; value: number }
  | { kind: 'grow'; file: number; by: number; value: number }
  | { kind: 'growSilently'; file: number; by: number }
  | { kind: 'cut'; file: number; to: number }
  | { kind: 'drop'; file: number }
  | { kind: 'create'; file: number; value: number };

const file = fc.integer({ min: 0, max: 3 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    file,
    block: fc.nat(30),
    pieces: fc.array(fc.nat(15), { minLength: 1, maxLength: 3 }),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({
    kind: fc.constant('grow' as const),
    file,
    by: fc.integer({ min: 1, max: 40 }),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  // The server may lengthen a file by zeros that no log tells of.
  fc.record({ kind: fc.constant('growSilently' as const), file, by: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('cut' as const), file, to: fc.nat(20) }),
  fc.record({ kind: fc.constant('drop' as const), file }),
  fc.record({ kind: fc.constant('create' as const), file, value: fc.integer({ min: 1, max: 255 }) }),
);

class Server {
  readonly #files = new Map<string, Relation>();

  apply(change: Change): void {
    const path = `base/${change.file < 2 ? 5 : 16_384}/${1_000 + change.file}`;
    const found = this.#files.get(path);
    if (change.kind === 'create') {
      if (!found) this.#files.set(path, { blocks: [fill(change.value)], changed: new Set(), shortest: 0, isNew: true });
      return;
    }
    if (!found) return;
    if (change.kind === 'drop') this.#files.delete(path);
    else if (change.kind === 'write' && change.block < found.blocks.length) {
      const block = Buffer.from(found.blocks[change.block] as Buffer);
      for (const piece of change.pieces) block.fill(change.value, piece * PIECE, (piece + 1) * PIECE);
      found.blocks[change.block] = block;
      found.changed.add(change.block);
    } else if (change.kind === 'grow') {
      for (let n = 0; n < change.by; n++) {
        found.changed.add(found.blocks.length);
        found.blocks.push(fill((change.value + n) % 256));
      }
    } else if (change.kind === 'growSilently') {
      for (let n = 0; n < change.by; n++) found.blocks.push(fill(0));
    } else if (change.kind === 'cut' && change.to < found.blocks.length) {
      found.blocks.length = change.to;
      found.shortest = Math.min(found.shortest, change.to);
      for (const block of found.changed) if (block >= change.to) found.changed.delete(block);
    }
  }

  /** What a restore must give. */
  whole(): Entry[] {
    return [...this.#files].map(([path, { blocks }]) => [path, Buffer.concat(blocks)]);
  }

  /** The files of a base backup by the server's rules (`basebackup_incremental.c`). @param full all of them whole */
  backup(full: boolean): Entry[] {
    const entries = [...this.#files].map(([path, relation]): Entry => {
      const { blocks, changed, shortest, isNew } = relation;
      const list = [...blocks.keys()].filter((block) => changed.has(block) || block >= shortest);
      const isWhole = full || isNew || list.length > 0.9 * blocks.length;
      Object.assign(relation, { changed: new Set(), shortest: Number.POSITIVE_INFINITY, isNew: false });
      if (isWhole) return [path, Buffer.concat(blocks)];
      return [path.replace(/\/(\d+)$/, '/INCREMENTAL.$1'), increment(blocks, list)];
    });
    const label = full ? LABEL : `${LABEL}INCREMENTAL FROM LSN: 0/1\nINCREMENTAL FROM TLI: 1\n`;
    return [...entries, ['backup_label', Buffer.from(label)]];
  }
}

const fill = (value: number) => Buffer.alloc(BLOCK, value);

function increment(blocks: readonly Buffer[], list: readonly number[]): Buffer {
  const words = Uint32Array.from([0xd3ae1f0d, list.length, blocks.length, ...list]);
  const head = Buffer.from(words.buffer);
  const padding = list.length === 0 ? 0 : (BLOCK - (head.length % BLOCK)) % BLOCK;
  return Buffer.concat([head, Buffer.alloc(padding), ...list.map((block) => blocks[block] as Buffer)]);
}

function tarOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(([path, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(path);
    header.write('0000600\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1_024)]);
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

function listingOf(entries: readonly Entry[]): Buffer {
  const files = entries.map(([Path, bytes]) => ({
    ...{ Path, Size: bytes.length, 'Checksum-Algorithm': 'SHA256', Checksum: sha256(bytes) },
  }));
  const head = `${JSON.stringify({ 'PostgreSQL-Backup-Manifest-Version': 2, Files: files, 'WAL-Ranges': [] }).slice(0, -1)},\n`;
  return Buffer.from(`${head}"Manifest-Checksum": "${sha256(head)}"}\n`);
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function store(repository: Repository, id: string, parent: string | null, entries: readonly Entry[]) {
  const put = async (part: string, bytes: AsyncIterable<Buffer>) => ({
    part,
    ...(await repository.writeObject(repository.objectPath(id, part), bytes)),
  });
  const facts = { systemId: '1', stoppedAt: 0, server: { blockSize: BLOCK, segmentSize: 16_777_216 } };
  await writeManifest(repository, {
    ...{ id, parent, tier: 'physical', started: '2026-01-05T03:00:00Z', finished: '2026-01-05T03:01:00Z' },
    ...{ madeBy: 'test', client: null, source: null, wal: { start: '0/1', stop: '0/2', timeline: 1 } },
    objects: [
      await put('base.tar', compress(one(tarOf(entries)))),
      await put('backup_manifest', compress(one(listingOf(entries)))),
      await put('facts', one(Buffer.from(JSON.stringify(facts)))),
    ],
    ...{ bytes: 0, warnings: [], lockedUntil: null },
  });
}

async function filesBelow(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = async (path: string) => [path.slice(root.length + 1), (await readFile(path)).toString('hex')] as const;
  return Object.fromEntries(await Promise.all(files.sort().map(read)));
}

async function makeRepository(): Promise<Repository> {
  folder = await mkdtemp(join(tmpdir(), 'yumops-increment-'));
  const blobs = await openBlobStore(`file:${folder}/blobs`, folder);
  return new Repository(blobs, 'nightly', new BackupKeys([BackupKey.create()]));
}

/** A server of which base backups are taken: what it sends, and nothing more. */
function sourceOf(entries: readonly Entry[]): ReplicationSource {
  const server = { versionNumber: 180_000, version: '18.0', blockSize: BLOCK, segmentSize: 16_777_216 };
  const rest = { dataChecksums: true, maxSlotWalKeepSize: 1, tablespaces: [], extensions: [] };
  async function* parts(): AsyncGenerator<BaseBackupPart> {
    yield { kind: 'start', lsn: 1n, timeline: 1 };
    yield { kind: 'archive', name: 'base.tar' };
    const tar = tarOf(entries);
    // Of a size that no page, piece or header is a part of.
    for (let at = 0; at < tar.length; at += 777) yield { kind: 'data', bytes: tar.subarray(at, at + 777) };
    yield { kind: 'manifest' };
    yield { kind: 'data', bytes: listingOf(entries) };
    yield { kind: 'end', lsn: 2n, timeline: 1 };
  }
  const source: Partial<ReplicationSource> = {
    facts: async () => ({ ...server, ...rest }) as unknown as Awaited<ReturnType<ReplicationSource['facts']>>,
    identify: async () => ({ systemId: '1', timeline: 1, flushed: 2n }),
    position: async () => ({ lsn: 2n, at: 0 }),
    baseBackup: parts,
  };
  return source as ReplicationSource;
}

type Known = Awaited<ReturnType<typeof readBase>>;

const idOf = (round: number, index: number) => `nightly-20260105T030000Z-${round}-${index}`;

/** Takes a base backup. @param chain what it builds on, the full one first */
async function take(repository: Repository, id: string, chain: Known[], entries: readonly Entry[]) {
  await takeBaseBackup({
    ...{ repository, id, chain, source: sourceOf(entries), database: 'main', madeBy: 'test', lockedUntil: null },
    ...{ started: '2026-01-05T03:00:00Z', now: () => 0, walStored: async () => undefined },
  });
  return readBase(repository, id);
}

const partsOf = ({ manifest }: Known) => manifest.objects.map(({ part }) => part);
const pathOf = ({ manifest }: { manifest: BackupManifest }, wanted: string) =>
  manifest.objects.find(({ part }) => part === wanted)?.path as string;

async function expectRestored(repository: Repository, links: Known[], files: readonly Entry[], name: string) {
  const target = join(folder, `restored-${name}`);
  await unpackLinks(repository, links, target);
  const entries = [...files, ['backup_label', Buffer.from(LABEL)] as Entry];
  expect(await filesBelow(target)).toEqual(
    Object.fromEntries(entries.sort().map(([path, bytes]) => [path, bytes.toString('hex')])),
  );
}

/** What happens to the hashes of a backup after it was made. */
const fate = fc.constantFrom('kept', 'kept', 'kept', 'lost', 'damaged', 'never made');

test('a full backup and its increments give every file as it was at each of them, whatever happened between', async () => {
  const repository = await makeRepository();
  let round = 0;
  const history = fc.array(fc.tuple(fc.array(change, { maxLength: 25 }), fate), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      round++;
      const server = new Server();
      for (let n = 0; n < 4; n++) server.apply({ kind: 'create', file: n, value: n + 1 });
      for (let n = 0; n < 4; n++) server.apply({ kind: 'grow', file: n, by: 20, value: 7 * n + 1 });
      const known: Known[] = [];
      for (const [index, [changes, hashes]] of steps.entries()) {
        for (const item of changes) server.apply(item);
        const base = await take(repository, idOf(round, index), [...known], server.backup(index === 0));
        const path = pathOf(base, 'page-hashes');
        if (hashes === 'lost') await repository.store.delete(path);
        else if (hashes === 'damaged') await repository.store.put(path, Buffer.from('nothing of it'));
        else if (hashes === 'never made') {
          const objects = base.manifest.objects.filter(({ part }) => part !== 'page-hashes');
          base.manifest = { ...base.manifest, objects };
        }
        known.push(base);
        await expectRestored(repository, linksOf(base, known), server.whole(), `${round}-${index}`);
        expect(await checkBaseFiles(repository, base, makeFolder, () => undefined)).toEqual([]);
      }
    }),
    { numRuns: Number(process.env.YUMOPS_TEST_RUNS ?? 12) },
  );
});

/** A relation of 40 pages in which nothing is like anything else. */
function relation(seed: number): Buffer {
  const bytes = Array.from({ length: 160 }, (_, n) => createHash('sha256').update(`${seed}/${n}`).digest());
  return Buffer.concat(bytes);
}

/** The same with one piece of every third page changed, whole and as an increment. */
function changedEvenly(before: Buffer, value: number): { whole: Buffer; increment: Buffer } {
  const after = Buffer.from(before);
  const pages = [...Array(before.length / BLOCK).keys()].filter((page) => page % 3 === 0);
  for (const page of pages) after.fill(value, page * BLOCK + 5 * PIECE, page * BLOCK + 6 * PIECE);
  const blocks = Array.from({ length: after.length / BLOCK }, (_, n) => after.subarray(n * BLOCK, (n + 1) * BLOCK));
  return { whole: after, increment: increment(blocks, pages) };
}

/** A folder for what a check puts together. */
const makeFolder = () => makeScratch('yumops-test-check-');

const label: Entry = ['backup_label', Buffer.from(LABEL)];
const TABLE = 'base/5/1000';
const CHANGED = 'base/5/INCREMENTAL.1000';

/** A full backup of two relations, and an increment in which one changed evenly and one is sent whole with few changes. */
async function chainOfTwo(repository: Repository) {
  const [table, index] = [relation(1), relation(2)];
  const full = await take(repository, idOf(0, 0), [], [[TABLE, table], ['base/5/1001', index], label]);
  const changedTable = changedEvenly(table, 1);
  const changedIndex = changedEvenly(index, 2).whole;
  const sent: Entry[] = [[CHANGED, changedTable.increment], ['base/5/1001', changedIndex], label];
  const files: Entry[] = [
    [TABLE, changedTable.whole],
    ['base/5/1001', changedIndex],
  ];
  return { full, sent, files, second: changedEvenly(changedTable.whole, 3) };
}

const sizeOf = ({ manifest }: Known, wanted: string) =>
  manifest.objects.find(({ part }) => part === wanted)?.plainBytes ?? Number.NaN;

test('of a page that changed it holds the pieces that changed, also of a file that is sent whole', async () => {
  const repository = await makeRepository();
  const { full, sent, files, second } = await chainOfTwo(repository);
  expect(partsOf(full)).toEqual(['base.tar', 'backup_manifest', 'page-hashes', 'facts']);
  expect(full.manifest.format).toBe('yumops-backup/1');
  const first = await take(repository, idOf(0, 1), [full], sent);
  expect(partsOf(first)).toEqual(['base.pieces', 'backup_manifest', 'page-hashes', 'facts']);
  // Versions that know nothing of pieces refuse it.
  expect(first.manifest).toMatchObject({ format: 'yumops-backup/2', parent: full.id, warnings: [] });
  expect(sizeOf(first, 'base.pieces')).toBeLessThan(0.3 * sizeOf(full, 'base.tar'));
  expect(sizeOf(first, 'page-hashes')).toBeLessThan(0.3 * sizeOf(full, 'page-hashes'));
  await expectRestored(repository, [full, first], files, 'first');
  const next: Entry[] = [[CHANGED, second.increment], label];
  const last = await take(repository, idOf(0, 2), [full, first], next);
  await expectRestored(repository, [full, first, last], [[TABLE, second.whole]], 'last');
  expect(await checkBaseFiles(repository, last, makeFolder, () => undefined)).toEqual([]);
});

test.each([
  ['is gone', (path: string, { store }: Repository) => store.delete(path), /There is no object .*page-hashes/],
  ['is damaged', (path: string, { store }: Repository) => store.put(path, Buffer.from('x')), /page-hashes is damaged/],
])('whole pages are stored, and the run says why, where the list of hashes %s', async (_, harm, why) => {
  const repository = await makeRepository();
  const { full, sent, files, second } = await chainOfTwo(repository);
  const hashes = pathOf(full, 'page-hashes');
  const list = await readBlob(repository.store, hashes);
  await harm(hashes, repository);
  const first = await take(repository, idOf(0, 1), [full], sent);
  expect(partsOf(first)).toEqual(['base.tar', 'backup_manifest', 'page-hashes', 'facts']);
  const told = expect.stringMatching(/^Whole pages are stored where no hashes of their pieces are known: /);
  expect(first.manifest).toMatchObject({ format: 'yumops-backup/1', warnings: [told] });
  expect(first.manifest.warnings[0]).toMatch(why);
  await expectRestored(repository, [full, first], files, 'first');
  // The pages of the first increment are known again: a chain holds both.
  const last = await take(repository, idOf(0, 2), [full, first], [[CHANGED, second.increment], label]);
  expect(partsOf(last)).toContain('base.pieces');
  await expectRestored(repository, [full, first, last], [[TABLE, second.whole]], 'last');
  // Those that were lost are of another secret; they are of no use when they are back.
  await repository.store.put(hashes, list);
  const later = await take(repository, idOf(0, 3), [full, first, last], [[CHANGED, second.increment], label]);
  expect(later.manifest.warnings).toEqual([expect.stringContaining(`those of ${full.id} are of another kind`)]);
});

test('what was cut off or gone and comes back as it was is stored again', async () => {
  const repository = await makeRepository();
  const [table, index] = [relation(1), relation(2)];
  const blocks = Array.from({ length: 40 }, (_, n) => table.subarray(n * BLOCK, (n + 1) * BLOCK));
  const full = await take(repository, idOf(0, 0), [], [[TABLE, table], ['base/5/1001', index], label]);
  const short = await take(repository, idOf(0, 1), [full], [[CHANGED, increment(blocks.slice(0, 10), [])], label]);
  const grown = increment(blocks, [...blocks.keys()].slice(10));
  const again = await take(repository, idOf(0, 2), [full, short], [[CHANGED, grown], ['base/5/1001', index], label]);
  await expectRestored(repository, [full, short], [[TABLE, table.subarray(0, 10 * BLOCK)]], 'short');
  await expectRestored(
    repository,
    [full, short, again],
    [
      [TABLE, table],
      ['base/5/1001', index],
    ],
    'again',
  );
});

test('without a folder for temporary files whole pages are stored, and the run says so', async () => {
  const repository = await makeRepository();
  const { full, sent, files } = await chainOfTwo(repository);
  vi.stubEnv('TMPDIR', join(folder, 'nowhere'));
  const first = await take(repository, idOf(0, 1), [full], sent);
  vi.unstubAllEnvs();
  expect(partsOf(first)).toEqual(['base.tar', 'backup_manifest', 'facts']);
  expect(first.manifest.warnings).toEqual([expect.stringMatching(/^It has no hashes of pages, .*: ENOENT/)]);
  await expectRestored(repository, [full, first], files, 'first');
});

test('a backup of an earlier version is built on with whole pages', async () => {
  const repository = await makeRepository();
  const table = relation(1);
  await store(repository, idOf(0, 0), null, [[TABLE, table], label]);
  const full = await readBase(repository, idOf(0, 0));
  const { increment: sent, whole: after } = changedEvenly(table, 1);
  const first = await take(repository, idOf(0, 1), [full], [[CHANGED, sent], label]);
  expect(first.manifest.warnings).toEqual([expect.stringContaining(`are known: ${full.id} has none.`)]);
  await expectRestored(repository, [full, first], [[TABLE, after]], 'first');
});

test('pieces that are taken for the same and are not are found by the sums of the server, and nothing is restored', async () => {
  const repository = await makeRepository();
  // Of the pieces that change one in every page has the hash that it had before.
  const hash = PieceHash.prototype.hash;
  vi.spyOn(PieceHash.prototype, 'hash').mockImplementation(function (this: PieceHash, into) {
    hash.call(this, into);
    into.fill(0, 5 * 6, 6 * 6);
  });
  const { full, sent } = await chainOfTwo(repository);
  const first = await take(repository, idOf(0, 1), [full], sent);
  const message = expect.stringMatching(/INCREMENTAL.1000 does not fit the server's manifest \(checksum\)/);
  await expect(unpackLinks(repository, [full, first], join(folder, 'restored'))).rejects.toMatchObject({
    ...{ code: 'backup_damaged', message },
  });
  const [found] = await checkBaseFiles(repository, first, makeFolder, () => undefined);
  expect(found).toMatchObject({ code: 'backup_damaged', message });
});

test('pieces of a file that is not there are named', async () => {
  const repository = await makeRepository();
  const { full, sent } = await chainOfTwo(repository);
  const first = await take(repository, idOf(0, 1), [full], sent);
  const other = await take(repository, idOf(0, 2), [], [['base/5/1001', relation(2)], label]);
  await expect(unpackLinks(repository, [other, first], join(folder, 'restored'))).rejects.toMatchObject({
    ...{ code: 'backup_damaged', message: expect.stringContaining('which what it builds on does not have') },
  });
});

const whole: Entry = ['base/5/1000', Buffer.concat([fill(1), fill(2)])];
const changed = (bytes: Buffer): Entry[] => [['base/5/INCREMENTAL.1000', bytes], label];

test.each<[string, Entry[], RegExp]>([
  ['cut short', changed(increment([fill(1), fill(3)], [1]).subarray(0, -1)), /INCREMENTAL.1000 .*: it ends early/],
  ['longer than it says', changed(Buffer.concat([increment([fill(1)], [0]), fill(9)])), /something follows its end/],
  ['something else', changed(fill(65)), /it is no incremental file/],
  [
    'of a file that was not there',
    [['base/5/INCREMENTAL.2000', increment([fill(1)], [])]],
    /changes base\/5\/2000, which what it builds on does not have/,
  ],
])('an incremental file that is %s is named', async (_, entries, message) => {
  const repository = await makeRepository();
  await store(repository, 'nightly-20260105T030000Z-a', null, [whole, ['backup_label', Buffer.from(LABEL)]]);
  await store(repository, 'nightly-20260105T030000Z-b', 'nightly-20260105T030000Z-a', entries);
  const bases = [
    await readBase(repository, 'nightly-20260105T030000Z-a'),
    await readBase(repository, 'nightly-20260105T030000Z-b'),
  ];
  const [, last] = bases;
  const restoring = unpackLinks(repository, linksOf(last as (typeof bases)[number], bases), join(folder, 'restored'));
  await expect(restoring).rejects.toMatchObject({ code: 'backup_damaged', message: expect.stringMatching(message) });
});

test('an increment whose parent is gone is refused by its name', async () => {
  const repository = await makeRepository();
  await store(repository, 'nightly-20260105T030000Z-b', 'nightly-20260105T030000Z-a', changed(increment([], [])));
  const base = await readBase(repository, 'nightly-20260105T030000Z-b');
  expect(() => linksOf(base, [base])).toThrow('nightly-20260105T030000Z-b builds on nightly-20260105T030000Z-a');
  expect(await readManifest(repository, base.id)).toMatchObject({ parent: 'nightly-20260105T030000Z-a' });
});
