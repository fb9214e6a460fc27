import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { BackupKey, BackupKeys, Repository, readManifest, writeManifest } from '../../src/care/backup/index.ts';
import { compress } from '../../src/care/backup/object/blocks.ts';
import { readBase } from '../../src/care/backup/physical/archive-state.ts';
import { linksOf } from '../../src/care/backup/physical/parents.ts';
import { unpackLinks } from '../../src/care/backup/physical/unpack.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';

/** Blocks of a size of their own keep the files of a test small; the server's are 8,192 bytes. */
const BLOCK = 64;
const LABEL = 'START WAL LOCATION: 0/2000028\nLABEL: x\n';
let folder: string;

afterEach(() => rm(folder, { recursive: true, force: true }));

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
  | { kind: 'write'; file: number; block: number; value: number }
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
      found.blocks[change.block] = fill(change.value);
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

test('a full backup and its increments give every file as it was at each of them, whatever happened between', async () => {
  const repository = await makeRepository();
  let round = 0;
  const history = fc.array(fc.array(change, { maxLength: 25 }), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      round++;
      const server = new Server();
      for (let n = 0; n < 4; n++) server.apply({ kind: 'create', file: n, value: n + 1 });
      for (let n = 0; n < 4; n++) server.apply({ kind: 'grow', file: n, by: 20, value: 7 * n + 1 });
      const known = [];
      for (const [index, changes] of steps.entries()) {
        for (const item of changes) server.apply(item);
        const id = `nightly-20260105T030000Z-${round}-${index}`;
        const parent = index === 0 ? null : `nightly-20260105T030000Z-${round}-${index - 1}`;
        await store(repository, id, parent, server.backup(index === 0));
        known.push(await readBase(repository, id));
        const target = join(folder, `restored-${round}-${index}`);
        await unpackLinks(repository, linksOf(known.at(-1) as (typeof known)[number], known), target);
        const whole = [...server.whole(), ['backup_label', Buffer.from(LABEL)] as Entry];
        const expected = Object.fromEntries(whole.sort().map(([path, bytes]) => [path, bytes.toString('hex')]));
        expect(await filesBelow(target)).toEqual(expected);
      }
    }),
    { numRuns: Number(process.env.YUMOPS_TEST_RUNS ?? 12) },
  );
});

const whole: Entry = ['base/5/1000', Buffer.concat([fill(1), fill(2)])];
const changed = (bytes: Buffer): Entry[] => [
  ['base/5/INCREMENTAL.1000', bytes],
  ['backup_label', Buffer.from(LABEL)],
];

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
