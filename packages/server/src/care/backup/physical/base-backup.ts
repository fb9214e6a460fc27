import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import { type BackupManifest, type ManifestObject, SERVER_MANIFEST, writeManifest } from '../manifest.ts';
import { compress, decompress } from '../object/blocks.ts';
import { partOf } from '../objects.ts';
import type { Repository } from '../repository.ts';
import type { KnownBase } from './archive-state.ts';
import { EarlierVolumes } from './earlier-volumes.ts';
import { PAGE_HASHES } from './hash-list.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { PIECES_PART } from './page-pieces.ts';
import { PageWatch, withoutHashes } from './page-watch.ts';
import { FileSums, readServerManifest } from './server-manifest.ts';
import type { BaseBackupPart, ReplicationSource, ServerFacts } from './source.ts';
import { isNoRoom } from './spool.ts';
import { volumeBytesOf } from './volume-cutter.ts';
import { BASE, formatOfBase, storeVolumes } from './volumes.ts';
import { type WatchedPages, watchArchive } from './watch-archive.ts';

/** The part of a base backup that holds `BaseFacts`. */
export const FACTS = 'facts';

/** What is kept with a base backup beside its bytes. */
export interface BaseFacts {
  systemId: string;
  server: ServerFacts;
  /** The server's clock when the backup had ended, milliseconds since the epoch: the first moment it can restore. */
  stoppedAt: number;
}

/** Something small that is kept with a base backup besides. */
export interface BaseExtra {
  part: string;
  bytes: Buffer;
}

/** Files that are kept with a base backup besides: their list, and bytes of pieces that the store did not have. */
export interface BaseFiles {
  list: ManifestObject | null;
  added: number;
  warnings: string[];
}

export interface BaseBackupInput {
  repository: Repository;
  source: ReplicationSource;
  database: string;
  id: string;
  /** ISO; see `recordRun`. */
  started: string;
  now: () => number;
  madeBy: string;
  lockedUntil: number | null;
  maxRate?: number | undefined;
  /** @param total about how many there will be; null = nobody can say */
  progress?: (bytes: number, total: number | null) => void;
  extras?: (() => Promise<BaseExtra[]>) | undefined;
  /** Backs up further files. @param path where their list is put */
  files?: ((path: string) => Promise<BaseFiles>) | undefined;
  /** What it may be an increment of, the full backup first; empty = it is to be full; null = nor will any build on it. */
  chain: readonly KnownBase[] | null;
  /** Bytes that a full one has, about. */
  expected?: number;
  /** Bytes of the volumes that its archive is stored in; default by `expected`. */
  volumeBytes?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Resolves when all log up to a position is in the store. @throws when that does not happen in time */
  walStored: (systemId: string, timeline: number, from: Lsn, to: Lsn) => Promise<void>;
}

/**
 * Takes a base backup: the server's files go into a sealed object as they arrive, every one hashed on the way and held
 * against the server's own manifest. The backup counts when the log that it needs is in the store too.
 * @throws YumOpsError `tablespaces_unsupported`, `base_backup_damaged`, `server_too_old`, and those of source and store
 */
export async function takeBaseBackup(input: BaseBackupInput): Promise<BackupManifest> {
  const { repository, source } = input;
  const server = await source.facts();
  refuse(server);
  const { systemId } = await source.identify();
  const expected = server.bytes ?? 0;
  const volumeBytes = input.volumeBytes ?? volumeBytesOf(expected);
  const earlier = await EarlierVolumes.find(repository, input.now(), volumeBytes);
  const stored = await storeIncrementOrFull({ ...input, expected, volumeBytes, earlier }, server.blockSize);
  const facts: BaseFacts = { systemId, server, stoppedAt: (await source.position()).at };
  const objects = [...stored.objects, await putPart(input, FACTS, one(Buffer.from(JSON.stringify(facts))))];
  for (const { part, bytes } of (await input.extras?.()) ?? []) objects.push(await putPart(input, part, one(bytes)));
  const files = await input.files?.(repository.objectPath(input.id, 'files'));
  if (files?.list) objects.push(files.list);
  const { start, stop, timeline, parent } = stored;
  await input.walStored(systemId, timeline, start, stop);
  const { resumed } = earlier;
  const manifest = {
    id: input.id,
    tier: 'physical' as const,
    parent,
    started: input.started,
    finished: new Date(input.now()).toISOString(),
    madeBy: input.madeBy,
    client: null,
    source: {
      database: input.database,
      catalog: null,
      serverVersion: server.version,
      serverMajor: Math.floor(server.versionNumber / 10_000),
      systemIdentifier: systemId,
      encoding: server.encoding,
      collation: server.collation,
      collationVersion: server.collationVersion,
      extensions: server.extensions,
    },
    wal: { start: formatLsn(start), stop: formatLsn(stop), timeline },
    ...(resumed && { resumed }),
    objects,
    bytes: objects.reduce((sum, object) => sum + object.bytes, files?.added ?? 0),
    warnings: [...warningsOf(server), ...stored.warnings, ...(files?.warnings ?? [])],
    lockedUntil: input.lockedUntil === null ? null : new Date(input.lockedUntil).toISOString(),
  };
  const written = await writeManifest(repository, manifest, formatOfBase(manifest));
  await earlier.forget(input.id);
  return written;
}

/** With what was found out before the server is asked for its files. */
type PreparedInput = BaseBackupInput & { volumeBytes: number; earlier: EarlierVolumes };

interface StoredBase {
  objects: ManifestObject[];
  start: Lsn;
  stop: Lsn;
  timeline: number;
  /** What it is an increment of. */
  parent: string | null;
  warnings: string[];
}

/** An increment where it may be one and the server can make it, else a full backup, which then says why. */
async function storeIncrementOrFull(input: PreparedInput, pageBytes: number): Promise<StoredBase> {
  const { chain } = input;
  if (chain === null) return storeBase(input, null);
  try {
    return await storeWatched(input, chain, pageBytes);
  } catch (error) {
    if (codeOf(error) !== 'increment_refused') throw error;
    const stored = await storeWatched(input, [], pageBytes);
    const why = `It is full where an increment was due: ${messageOf(error)}`;
    return { ...stored, warnings: [why, ...stored.warnings] };
  }
}

/** Stores a backup with the hashes of its pages; where those of what it builds on are known, of its pages what changed. */
async function storeWatched(input: PreparedInput, chain: readonly KnownBase[], pageBytes: number): Promise<StoredBase> {
  const parent = chain.at(-1) ?? null;
  let pages: PageWatch;
  try {
    pages = await PageWatch.open(input.repository, chain, pageBytes);
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    return { ...(await storeBase(input, parent)), warnings: [withoutHashes(messageOf(error))] };
  }
  try {
    const stored = await storeBase(input, parent, { pages, inPieces: pages.canCompare });
    const hashes = pages.finish();
    if (hashes) stored.objects.push(await putPart(input, PAGE_HASHES, compress(each(hashes))));
    return { ...stored, warnings: pages.warnings };
  } finally {
    pages.close();
  }
}

/** Streams the server's files and its list of them into the store, and holds the one against the other. */
async function storeBase(input: PreparedInput, parent: KnownBase | null, watched?: WatchedPages): Promise<StoredBase> {
  const options = { label: input.id, maxRate: input.maxRate, incremental: parent !== null };
  const parts = new Parts(input.source.baseBackup(options, parent ? listingOf(input.repository, parent) : undefined));
  try {
    const start = await parts.take('start');
    const archive = await parts.take('archive');
    if (archive.name !== BASE) throw tablespaces([archive.name]);
    const sums = new FileSums();
    const expected = parent === null ? (input.expected ?? 0) : 0;
    const report = (bytes: number) => input.progress?.(bytes, bytes < expected ? expected : null);
    const files = watchArchive(parts.data(), { ...watched, sums, progress: report, volumeBytes: input.volumeBytes });
    const volumes = await storeVolumes(input, watched?.inPieces ? PIECES_PART : BASE, files);
    await parts.take('manifest');
    const manifest = await collect(parts.data());
    const end = await parts.take('end');
    await parts.finish();
    const [first, ...more] = sums.compare(readServerManifest(manifest));
    if (first) {
      throw new YumOpsError(
        'base_backup_damaged',
        `${more.length + 1} files differ from the server's manifest, first ${first.path}: ${first.problem}.`,
        { hint: 'The network or this machine changed bytes. Run the backup again.' },
      );
    }
    const listing = await putPart(input, SERVER_MANIFEST, compress(one(manifest)));
    const range = { start: start.lsn, stop: end.lsn, timeline: start.timeline };
    return { objects: [...volumes, listing], ...range, parent: parent?.id ?? null, warnings: [] };
  } finally {
    await parts.close();
  }
}

/** The server's own list of the files of a base backup, which it compares with to make an increment. */
async function* listingOf(repository: Repository, base: KnownBase): AsyncGenerator<Buffer> {
  const object = partOf(base.manifest, SERVER_MANIFEST);
  yield* decompress(repository.readObject(object), object.path);
}

async function putPart(
  { repository, id, lockedUntil }: BaseBackupInput,
  part: string,
  bytes: AsyncIterable<Buffer>,
): Promise<ManifestObject> {
  const locked = lockedUntil === null ? {} : { lockUntil: lockedUntil };
  return { part, ...(await repository.writeObject(repository.objectPath(id, part), bytes, locked)) };
}

function refuse(server: ServerFacts): void {
  if (server.versionNumber < 150_000) {
    throw new YumOpsError('server_too_old', `The physical tier needs PostgreSQL 15 or later, not ${server.version}.`, {
      hint: 'Use tiers: [logical] for it.',
    });
  }
  if (server.tablespaces.length > 0) throw tablespaces(server.tablespaces.map(({ name }) => name));
}

function tablespaces(names: readonly string[]): YumOpsError {
  const message = `The server has tablespaces outside of its data directory (${names.join(', ')}).`;
  return new YumOpsError('tablespaces_unsupported', `${message} The physical tier does not cover them.`, {
    hint: 'Move their tables into pg_default, or use tiers: [logical].',
  });
}

/** What a reader of a base backup of this server should know. */
export function warningsOf(server: ServerFacts): string[] {
  const warnings: string[] = [];
  if (server.maxSlotWalKeepSize < 0) {
    warnings.push(
      'max_slot_wal_keep_size of the server is unlimited: while YumOps is down, the log that the server keeps for it grows without end. Set a limit, for example 10GB.',
    );
  }
  if (!server.dataChecksums) warnings.push('The server has no data checksums: damage on its disk is not noticed.');
  return warnings;
}

async function* each(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* pieces;
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Reads the parts of a base backup in the order that the protocol gives them. */
class Parts {
  readonly #source: AsyncIterator<BaseBackupPart>;
  #next: BaseBackupPart | undefined;

  constructor(source: AsyncIterable<BaseBackupPart>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take<Kind extends BaseBackupPart['kind']>(kind: Kind): Promise<Extract<BaseBackupPart, { kind: Kind }>> {
    const part = this.#next ?? (await this.#read());
    this.#next = undefined;
    if (part?.kind === 'tablespace') throw tablespaces([part.path]);
    if (part?.kind !== kind) throw incomplete();
    return part as Extract<BaseBackupPart, { kind: Kind }>;
  }

  async *data(): AsyncGenerator<Buffer> {
    for (;;) {
      const part = await this.#read();
      if (part === undefined) throw incomplete();
      if (part.kind !== 'data') {
        this.#next = part;
        return;
      }
      yield part.bytes;
    }
  }

  /** Until the server has said that the command is done: a failed checksum is told last. */
  async finish(): Promise<void> {
    if ((await this.#read()) !== undefined) throw incomplete();
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #read(): Promise<BaseBackupPart | undefined> {
    const { value, done } = await this.#source.next();
    return done ? undefined : value;
  }
}

function incomplete(): YumOpsError {
  return new YumOpsError('base_backup_incomplete', 'The server ended the base backup before it was complete.');
}
