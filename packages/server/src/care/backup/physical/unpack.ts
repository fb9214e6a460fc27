import { constants, type FileHandle, mkdir, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../../lib/errors.ts';
import type { ManifestObject } from '../manifest.ts';
import { decompress } from '../object/blocks.ts';
import { damaged } from '../object/format.ts';
import type { Repository } from '../repository.ts';
import type { KnownBase } from './archive-state.ts';
import { BASE, SERVER_MANIFEST } from './base-backup.ts';
import { changedFile, IncrementReader, labelOfWhole } from './increment.ts';
import { PIECES_PART, readPieces } from './page-pieces.ts';
import type { PhysicalRestoreInput } from './restore.ts';
import { FileSums, readServerManifest, type ServerManifest } from './server-manifest.ts';
import { type TarEvent, TarReader } from './tar.ts';

/**
 * Puts a base backup and what it builds on together in `dataDir`: the full one is laid out, then each increment changes
 * the blocks that it has, sets the length of every file, and takes away what was gone when it was made.
 * @param links the full backup first
 * @throws YumOpsError `backup_damaged` naming the object
 */
export async function unpackLinks(
  repository: Repository,
  links: readonly KnownBase[],
  dataDir: string,
  progress?: PhysicalRestoreInput['progress'],
): Promise<void> {
  for (const link of links) {
    const files = await unpackBase(repository, link, dataDir, progress);
    if (link.manifest.parent === null) continue;
    await removeOthers(dataDir, files);
    const label = join(dataDir, 'backup_label');
    await writeFile(label, labelOfWhole(await readFile(label, 'utf8')));
  }
}

/** Whether it holds pieces of pages, so that it can be read only together with what it builds on. */
export function isInPieces({ manifest }: Pick<KnownBase, 'manifest'>): boolean {
  return manifest.objects.some(({ part }) => part === PIECES_PART);
}

/**
 * Reads the files of a base backup, each held against the server's manifest, and writes them below `dataDir` where one
 * is given; those of an increment change what stands there. One in pieces needs it.
 * @returns the paths of all files that the cluster had when it was made
 * @throws YumOpsError `backup_damaged` naming the object
 */
export async function unpackBase(
  repository: Repository,
  base: KnownBase,
  dataDir: string | undefined,
  progress?: PhysicalRestoreInput['progress'],
): Promise<Set<string>> {
  const archive = objectOf(base, isInPieces(base) ? PIECES_PART : BASE);
  const manifest = await readListing(repository, objectOf(base, SERVER_MANIFEST));
  const total = [...manifest.files.values()].reduce((sum, { size }) => sum + size, 0);
  const sums = new FileSums();
  const files = dataDir === undefined ? undefined : new FileWriter(dataDir, archive.path, base.facts.server.blockSize);
  let done = 0;
  try {
    for await (const event of eventsOf(repository, base, archive, dataDir)) {
      sums.see(event);
      await files?.take(event);
      if (event.kind !== 'data') continue;
      done += event.bytes.length;
      progress?.('bytes fetched', done, total);
    }
  } finally {
    await files?.close();
  }
  const [difference] = sums.compare(manifest);
  if (!difference) return new Set([...manifest.files.keys()].map((path) => changedFile(path) ?? path));
  throw damaged(archive.path, `${difference.path} does not fit the server's manifest (${difference.problem})`);
}

async function* eventsOf(
  repository: Repository,
  base: KnownBase,
  archive: ManifestObject,
  dataDir: string | undefined,
): AsyncGenerator<TarEvent> {
  const stream = decompress(repository.readObject(archive), archive.path);
  if (archive.part === PIECES_PART) {
    if (dataDir === undefined) throw new Error(`${base.id} cannot be read without what it builds on`);
    yield* readPieces(stream, archive.path, base.facts.server.blockSize, dataDir);
    return;
  }
  const tar = new TarReader();
  for await (const chunk of stream) yield* tar.read(chunk);
  tar.finish();
}

function objectOf(base: KnownBase, part: string): ManifestObject {
  const found = base.manifest.objects.find((entry) => entry.part === part);
  if (!found) throw damaged(base.id, `its manifest names no ${part}`);
  return found;
}

async function readListing(repository: Repository, object: ManifestObject): Promise<ServerManifest> {
  const pieces: Buffer[] = [];
  for await (const piece of decompress(repository.readObject(object), object.path)) pieces.push(piece);
  return readServerManifest(Buffer.concat(pieces));
}

/** Removes every file that is not among `files`, and folders that this leaves empty below `base`. */
async function removeOthers(dataDir: string, files: ReadonlySet<string>): Promise<void> {
  const visit = async (folder: string): Promise<boolean> => {
    let isEmpty = true;
    for (const entry of await readdir(join(dataDir, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isGone = entry.isDirectory() ? (await visit(path)) && folder === 'base' : !files.has(path);
      if (isGone) await rm(join(dataDir, path), { recursive: true });
      else isEmpty = false;
    }
    return isEmpty;
  };
  await visit('');
}

/** Puts the entries of an archive on disk. */
class FileWriter {
  readonly #root: string;
  readonly #object: string;
  readonly #blockSize: number;
  #file: FileHandle | undefined;
  #increment: IncrementReader | undefined;
  /** Bytes of a whole file that are written. */
  #written = 0;

  /** @param object path of the archive, for messages */
  constructor(root: string, object: string, blockSize: number) {
    this.#root = root;
    this.#object = object;
    this.#blockSize = blockSize;
  }

  async take(event: TarEvent): Promise<void> {
    if (event.kind === 'data') await this.#write(event.bytes);
    else if (event.kind === 'end') await this.#end();
    else if (event.kind === 'folder') await mkdir(join(this.#root, event.path), { recursive: true, mode: event.mode });
    else if (event.kind === 'link') await symlink(event.target, join(this.#root, event.path));
    else await this.#open(event.path, event.mode);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#increment = undefined;
    this.#written = 0;
  }

  async #open(path: string, mode: number): Promise<void> {
    const changed = changedFile(path);
    if (changed === undefined) {
      await mkdir(dirname(join(this.#root, path)), { recursive: true, mode: 0o700 });
      // What stands there goes only as it is written over: pieces of pages may still be needed of it.
      this.#file = await open(join(this.#root, path), constants.O_RDWR | constants.O_CREAT, mode);
      return;
    }
    try {
      this.#file = await open(join(this.#root, changed), 'r+');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      throw damaged(this.#object, `it changes ${changed}, which what it builds on does not have`);
    }
    this.#increment = new IncrementReader(`${path} in ${this.#object}`, this.#blockSize);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (!this.#increment) {
      await this.#file?.write(bytes, 0, bytes.length, this.#written);
      this.#written += bytes.length;
    } else
      for (const run of this.#increment.read(bytes)) await this.#file?.write(run.bytes, 0, run.bytes.length, run.at);
  }

  async #end(): Promise<void> {
    await this.#file?.truncate(this.#increment?.finish() ?? this.#written);
    await this.close();
  }
}
