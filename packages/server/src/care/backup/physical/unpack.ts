import { constants, type FileHandle, mkdir, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../../lib/errors.ts';
import { type ManifestObject, SERVER_MANIFEST } from '../manifest.ts';
import { decompress } from '../object/blocks.ts';
import { damaged } from '../object/format.ts';
import type { Repository } from '../repository.ts';
import type { KnownBase } from './archive-state.ts';
import { type BlockWrite, changedFile, IncrementReader, labelOfWhole } from './increment.ts';
import { notePagesNeeded, PIECES_PART, readPieces } from './page-pieces.ts';
import { PageSet } from './page-set.ts';
import type { PhysicalRestoreInput } from './restore.ts';
import { FileSums, readServerManifest, type ServerManifest } from './server-manifest.ts';
import { type TarEvent, TarReader } from './tar.ts';
import { BASE, readVolumes, volumesOf } from './volumes.ts';

/**
 * Puts a base backup and what it builds on together in `dataDir`: the full one is laid out, then each increment changes
 * the blocks that it has, sets the length of every file, and takes away what was gone when it was made.
 * @param links the full backup first
 * @param only pages to write; the others are held against the server's manifest alone, and so are other files
 * @throws YumOpsError `backup_damaged` naming the object
 */
export async function unpackLinks(
  repository: Repository,
  links: readonly KnownBase[],
  dataDir: string,
  progress?: PhysicalRestoreInput['progress'],
  only?: PageSet,
): Promise<void> {
  for (const link of links) {
    const files = await unpackBase(repository, link, dataDir, progress, only);
    if (link.manifest.parent === null) continue;
    await removeOthers(dataDir, files);
    const label = join(dataDir, 'backup_label');
    await writeFile(label, labelOfWhole(await readFile(label, 'utf8')));
  }
}

/** Makes a folder that is there until it is removed. */
export type MakeFolder = () => Promise<{ path: string; remove(): Promise<void> }>;

/**
 * Whether every file of a base backup and of what it builds on is as the server listed it. Where pieces of pages must be put
 * together for that, the pages that have such pieces are written, and no others.
 * @param links the full backup first
 * @throws YumOpsError `backup_damaged` naming the object
 */
export async function checkLinks(
  repository: Repository,
  links: readonly KnownBase[],
  makeFolder: MakeFolder,
  progress?: PhysicalRestoreInput['progress'],
): Promise<void> {
  if (!links.some(isInPieces)) {
    for (const link of links) await unpackBase(repository, link, undefined, progress);
    return;
  }
  const needed = new PageSet();
  for (const link of links.filter(isInPieces)) {
    const { path, stream } = archiveOf(repository, link);
    await notePagesNeeded(stream, path, link.facts.server.blockSize, needed);
  }
  const folder = await makeFolder();
  try {
    await unpackLinks(repository, links, folder.path, progress, needed);
  } finally {
    await folder.remove();
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
  only?: PageSet,
): Promise<Set<string>> {
  const archive = archiveOf(repository, base);
  const manifest = await readListing(repository, objectOf(base, SERVER_MANIFEST));
  const total = [...manifest.files.values()].reduce((sum, { size }) => sum + size, 0);
  const sums = new FileSums();
  const files =
    dataDir === undefined ? undefined : new FileWriter(dataDir, archive.path, base.facts.server.blockSize, only);
  let done = 0;
  try {
    for await (const event of eventsOf(base, archive, dataDir)) {
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

/** The files of a base backup, and the path that messages name it by: that of the first of its volumes. */
function archiveOf(repository: Repository, base: KnownBase): { path: string; stream: AsyncIterable<Buffer> } {
  const part = isInPieces(base) ? PIECES_PART : BASE;
  const { path } = objectOf(base, part);
  return { path, stream: readVolumes(repository, volumesOf(base.manifest, part)) };
}

async function* eventsOf(
  base: KnownBase,
  { path, stream }: ReturnType<typeof archiveOf>,
  dataDir: string | undefined,
): AsyncGenerator<TarEvent> {
  if (isInPieces(base)) {
    if (dataDir === undefined) throw new Error(`${base.id} cannot be read without what it builds on`);
    yield* readPieces(stream, path, base.facts.server.blockSize, dataDir);
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
  readonly #only: PageSet | undefined;
  /** Within the folder. */
  #path = '';
  #file: FileHandle | undefined;
  #increment: IncrementReader | undefined;
  /** Bytes of a whole file that are written. */
  #written = 0;

  /**
   * @param object path of the archive, for messages
   * @param only pages to write; undefined = everything
   */
  constructor(root: string, object: string, blockSize: number, only?: PageSet) {
    this.#root = root;
    this.#object = object;
    this.#blockSize = blockSize;
    this.#only = only;
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
    this.#path = changed ?? path;
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
    if (this.#increment) {
      for (const run of this.#increment.read(bytes)) await this.#put(run);
      return;
    }
    await this.#put({ at: this.#written, bytes });
    this.#written += bytes.length;
  }

  async #put({ at, bytes }: BlockWrite): Promise<void> {
    if (!this.#only) {
      await this.#file?.write(bytes, 0, bytes.length, at);
      return;
    }
    for (let from = 0; from < bytes.length; ) {
      const block = Math.floor((at + from) / this.#blockSize);
      const to = Math.min(bytes.length, (block + 1) * this.#blockSize - at);
      if (this.#only.has(this.#path, block)) await this.#file?.write(bytes, from, to - from, at + from);
      from = to;
    }
  }

  async #end(): Promise<void> {
    await this.#file?.truncate(this.#increment?.finish() ?? this.#written);
    await this.close();
  }
}
