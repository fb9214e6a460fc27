import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { type VerificationRecord, verificationPath } from '../catalogue.ts';
import {
  type BackupManifest,
  FORMAT_WITHOUT_PIECES,
  type ManifestObject,
  newBackupId,
  SERVER_MANIFEST,
  writeManifest,
} from '../manifest.ts';
import { compress, decompress } from '../object/blocks.ts';
import { damaged } from '../object/format.ts';
import { partOf } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { recordRun } from '../run.ts';
import { whileArriving, whileReading } from '../use.ts';
import { type KnownBase, readPhysicalState } from './archive-state.ts';
import { FACTS, warningsOf } from './base-backup.ts';
import { EarlierVolumes } from './earlier-volumes.ts';
import { PAGE_HASHES } from './hash-list.ts';
import { changedFile } from './increment.ts';
import { lockLog } from './lock-log.ts';
import { PageWatch, withoutHashes } from './page-watch.ts';
import { linksOf, newestFirst } from './parents.ts';
import { FileSums, readServerManifest, type ServerManifest, writeServerManifest } from './server-manifest.ts';
import { isNoRoom } from './spool.ts';
import { tarOf } from './tar-writer.ts';
import { type MakeFolder, unpackBase, unpackLinks } from './unpack.ts';
import { volumeBytesOf } from './volume-cutter.ts';
import { BASE, formatOfBase, isVolume, storeVolumes } from './volumes.ts';
import { WalArchive } from './wal-archive.ts';
import { watchArchive } from './watch-archive.ts';

export interface SyntheticInput {
  repository: Repository;
  clock: Clock;
  madeBy: string;
  lockUntil?: ((now: number) => number) | undefined;
  /** Where the files are put together; it takes what the data directory takes. */
  makeFolder: MakeFolder;
  /** Bytes of the volumes that its archive is stored in; default by the size of the server. */
  volumeBytes?: number | undefined;
  progress: (done: number, total: number | null, what: string) => void;
  signal: AbortSignal;
}

/** Whether a part is made anew; what else a base backup holds is taken over. */
const isMade = (part: string) => isVolume(part) || [SERVER_MANIFEST, PAGE_HASHES, FACTS].includes(part);

/**
 * Puts the newest increment and all that it builds on together into a full base backup of the same moment, from the store alone.
 * Everything that is read is held against the server's lists; what was written is read back from the store before it counts. The
 * newest log and the backups that it was made of stay as they are.
 * @throws YumOpsError `synthesis_needless` where the newest base backup is full, `synthesis_doubted` where a verification found one of
 *   them not good, `backup_damaged` naming the object, …
 */
export async function synthesizeFull(input: SyntheticInput): Promise<BackupManifest> {
  const { repository, clock, signal } = input;
  return whileReading(repository, clock, { use: 'synthesis', id: null, signal }, async () => {
    const { id } = await newestLinks(repository, clock.now()).then((links) => links.at(-1) as KnownBase);
    // Of two that come at once the second finds a full one made.
    return whileArriving(repository, clock, { id, signal }, async () => {
      const links = await newestLinks(repository, clock.now());
      const run = { id: newBackupId(repository, clock.now()), tier: 'physical', synthesisOf: id, signal } as const;
      return recordRun(repository, clock, run, (begun) => new Synthesis(input, links, run.id, begun).make());
    });
  });
}

/** The newest base backup and what it builds on, the full one first. @throws YumOpsError where there is nothing to put together */
async function newestLinks(repository: Repository, now: number): Promise<KnownBase[]> {
  const { bases } = await readPhysicalState(repository, now);
  const newest = [...bases].sort(newestFirst)[0];
  const links = newest ? linksOf(newest, bases) : [];
  if (links.length > 1) return refuseDoubted(links);
  const what = newest ? `The newest base backup, ${newest.id}, is full` : 'There is no base backup';
  throw new YumOpsError('synthesis_needless', `${what}: there is nothing to put together.`, {
    hint: newest ? 'Nothing need be done.' : `Make one: yumops backup now ${repository.name}.`,
    status: 409,
  });
}

/** What a trial found wrong with a backup, such as a table that cannot be read, would be in a full one too, and nobody would know. */
function refuseDoubted(links: KnownBase[]): KnownBase[] {
  const doubted = links.find((link) => link.doubted);
  if (!doubted) return links;
  const message = `The last verification of ${doubted.id} found that it is not good: nothing is put together of it.`;
  throw new YumOpsError('synthesis_doubted', message, {
    hint: `The next base backup is a full one. See what is wrong: yumops backup verify ${doubted.id}.`,
    status: 409,
  });
}

class Synthesis {
  readonly #input: SyntheticInput;
  readonly #links: readonly KnownBase[];
  readonly #newest: KnownBase;
  readonly #id: string;
  readonly #begun: string;
  readonly #lockedUntil: number | null;
  readonly #warnings: string[];
  #earlier: EarlierVolumes | undefined;

  constructor(input: SyntheticInput, links: readonly KnownBase[], id: string, begun: string) {
    this.#input = input;
    this.#links = links;
    this.#newest = links.at(-1) as KnownBase;
    this.#id = id;
    this.#begun = begun;
    this.#lockedUntil = input.lockUntil?.(input.clock.now()) ?? null;
    this.#warnings = warningsOf(this.#newest.facts.server);
  }

  async make(): Promise<BackupManifest> {
    const { repository, clock, makeFolder } = this.#input;
    const folder = await makeFolder();
    let objects: ManifestObject[];
    try {
      await unpackLinks(repository, this.#links, folder.path, this.#report);
      objects = await this.#storeFolder(folder.path);
    } finally {
      await folder.remove();
    }
    objects.push(...(await this.#takeOver()));
    const draft = this.#manifestOf(objects);
    await this.#readBack({ ...draft, format: FORMAT_WITHOUT_PIECES, name: repository.name, keyId: repository.keyId });
    // Before the manifest: once there is one the backup is good, and no run may say that it failed.
    await this.#sayVerified(objects);
    const archive = new WalArchive(repository, this.#newest.systemId);
    if (this.#lockedUntil !== null) await lockLog(archive, [this.#newest], this.#lockedUntil);
    const finished = isoOf(clock.now());
    const manifest = await writeManifest(repository, { ...draft, finished }, formatOfBase(draft));
    await this.#earlier?.forget(this.#id);
    return manifest;
  }

  readonly #report = (what: string, done: number, total: number | null): void => {
    this.#input.signal.throwIfAborted();
    this.#input.progress(done, total, what);
  };

  /** Stores the files as a server would have sent them, with a list of them and the hashes of their pages. */
  async #storeFolder(folder: string): Promise<ManifestObject[]> {
    const { repository } = this.#input;
    const sums = new FileSums();
    const pages = await this.#openPages();
    try {
      const volumes = await this.#storeVolumes(folder, sums, pages);
      const listing = await this.#listing();
      compareKept(listing.manifest, sums, this.#newest.id);
      const bytes = writeServerManifest(listing.bytes, sums.files);
      const list = await this.#put(SERVER_MANIFEST, compress(each([bytes])));
      const hashes = pages?.finish();
      const hashList = hashes ? [await this.#put(PAGE_HASHES, compress(each(hashes)))] : [];
      this.#warnings.push(...(pages?.warnings ?? []));
      const facts = Buffer.from(await repository.readText(partOf(this.#newest.manifest, FACTS)));
      return [...volumes, list, ...hashList, await this.#put(FACTS, each([facts]))];
    } finally {
      pages?.close();
    }
  }

  async #storeVolumes(folder: string, sums: FileSums, pages: PageWatch | undefined): Promise<ManifestObject[]> {
    const {
      repository,
      clock,
      signal,
      volumeBytes = volumeBytesOf(this.#newest.facts.server.bytes ?? 0),
    } = this.#input;
    this.#earlier = await EarlierVolumes.find(repository, clock.now(), volumeBytes);
    const progress = (bytes: number) => this.#report('bytes put together', bytes, null);
    const files = watchArchive(tarOf(folder), { sums, progress, volumeBytes, ...(pages && { pages }) });
    const into = { repository, id: this.#id, lockedUntil: this.#lockedUntil, earlier: this.#earlier, signal };
    return storeVolumes(into, BASE, files);
  }

  /** Without room for them a backup has no hashes. */
  async #openPages(): Promise<PageWatch | undefined> {
    try {
      return await PageWatch.open(this.#input.repository, [], this.#newest.facts.server.blockSize);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.#warnings.push(withoutHashes(String(error)));
      return undefined;
    }
  }

  /** What the server listed of the newest increment. */
  async #listing(): Promise<{ bytes: Buffer; manifest: ServerManifest }> {
    const object = partOf(this.#newest.manifest, SERVER_MANIFEST);
    const pieces: Buffer[] = [];
    for await (const piece of decompress(this.#input.repository.readObject(object), object.path)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    return { bytes, manifest: readServerManifest(bytes) };
  }

  /** What else the newest one holds, such as its list of files. */
  async #takeOver(): Promise<ManifestObject[]> {
    const { repository } = this.#input;
    const taken: ManifestObject[] = [];
    for (const object of this.#newest.manifest.objects) {
      if (isMade(object.part)) continue;
      const { packed } = object;
      const copy = await this.#put(object.part, repository.readObject(object));
      taken.push({ ...copy, ...(packed === undefined ? {} : { packed }) });
    }
    return taken;
  }

  #put(part: string, bytes: AsyncIterable<Buffer>): Promise<ManifestObject> {
    const { repository, signal } = this.#input;
    const locked = this.#lockedUntil === null ? {} : { lockUntil: this.#lockedUntil };
    const path = repository.objectPath(this.#id, part);
    return repository.writeObject(path, bytes, { ...locked, signal }).then((stored) => ({ part, ...stored }));
  }

  #manifestOf(objects: ManifestObject[]): Omit<BackupManifest, 'format' | 'name' | 'keyId'> {
    const { manifest } = this.#newest;
    const root = this.#links[0] as KnownBase;
    return {
      id: this.#id,
      tier: 'physical',
      parent: null,
      synthetic: {
        from: manifest.id,
        increments: this.#links.length - 1,
        begun: this.#begun,
        serverFullAt: root.manifest.synthetic?.serverFullAt ?? isoOf(root.stoppedAt),
      },
      started: manifest.started,
      finished: this.#begun,
      madeBy: this.#input.madeBy,
      client: null,
      source: manifest.source,
      wal: manifest.wal,
      ...(this.#earlier?.resumed && { resumed: this.#earlier.resumed }),
      objects,
      bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
      warnings: this.#warnings,
      lockedUntil: this.#lockedUntil === null ? null : isoOf(this.#lockedUntil),
    };
  }

  /** Reads all of it from the store, and holds the files against their list. */
  async #readBack(manifest: BackupManifest): Promise<void> {
    const { repository, signal } = this.#input;
    const report = (_: string, done: number, total: number) => this.#report('bytes read back', done, total);
    await unpackBase(repository, { ...this.#newest, id: manifest.id, manifest }, undefined, report);
    for (const object of manifest.objects) {
      if (isVolume(object.part)) continue;
      for await (const _ of repository.readObject(object)) signal.throwIfAborted();
    }
  }

  /** What was read back is the first evidence of it. */
  async #sayVerified(objects: readonly ManifestObject[]): Promise<void> {
    const { repository, clock } = this.#input;
    const evidence = { bytes: objects.reduce((sum, { plainBytes }) => sum + plainBytes, 0), put_together: true };
    const at = isoOf(clock.now());
    const record: VerificationRecord = { id: this.#id, level: 1, at, ok: true, findings: [], phases: {}, evidence };
    await repository.writeRecord(verificationPath(repository, record), record);
  }
}

/** Holds files that the server listed whole against its sums; of the others it listed what changed, which was compared before. */
function compareKept(listed: ServerManifest, sums: FileSums, newest: string): void {
  const expected = new Set([...listed.files.keys()].map((path) => changedFile(path) ?? path));
  for (const [path, { sha256 }] of sums.files) {
    if (!expected.delete(path)) throw damaged(newest, `${path} is not among its files`);
    const want = listed.files.get(path);
    if (want && path !== 'backup_label' && want.sha256 !== sha256) {
      throw damaged(newest, `${path} does not fit the server's manifest (checksum)`);
    }
  }
  const [missing] = expected;
  if (missing !== undefined) throw damaged(newest, `${missing} is missing from what was put together`);
}

const isoOf = (at: number) => new Date(at).toISOString();

async function* each(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* pieces;
}
