import { type FileHandle, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ManifestObject } from '../manifest.ts';
import { damaged } from '../object/format.ts';
import type { Repository } from '../repository.ts';
import type { KnownBase } from './archive-state.ts';
import { BASE, SERVER_MANIFEST } from './base-backup.ts';
import { decompress } from './blocks.ts';
import type { PhysicalRestoreInput } from './restore.ts';
import { FileSums, readServerManifest, type ServerManifest } from './server-manifest.ts';
import { type TarEvent, TarReader } from './tar.ts';

/**
 * Reads the files of a base backup, each held against the server's manifest, and writes them below `dataDir` where one
 * is given.
 * @throws YumOpsError `backup_damaged` naming the object
 */
export async function unpackBase(
  repository: Repository,
  base: KnownBase,
  dataDir: string | undefined,
  progress?: PhysicalRestoreInput['progress'],
): Promise<void> {
  const archive = objectOf(base, BASE);
  const manifest = await readListing(repository, objectOf(base, SERVER_MANIFEST));
  const total = [...manifest.files.values()].reduce((sum, { size }) => sum + size, 0);
  const sums = new FileSums();
  const files = dataDir === undefined ? undefined : new FileWriter(dataDir);
  let done = 0;
  try {
    const tar = new TarReader();
    for await (const chunk of decompress(repository.readObject(archive), archive.path)) {
      for (const event of tar.read(chunk)) {
        sums.see(event);
        await files?.take(event);
      }
      done += chunk.length;
      progress?.('fetch', done, total);
    }
    tar.finish();
  } finally {
    await files?.close();
  }
  const [difference] = sums.compare(manifest);
  if (!difference) return;
  throw damaged(archive.path, `${difference.path} does not fit the server's manifest (${difference.problem})`);
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

/** Puts the entries of an archive on disk. */
class FileWriter {
  readonly #root: string;
  #file: FileHandle | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  async take(event: TarEvent): Promise<void> {
    if (event.kind === 'data') await this.#file?.write(event.bytes);
    else if (event.kind === 'end') await this.close();
    else if (event.kind === 'folder') await mkdir(join(this.#root, event.path), { recursive: true, mode: event.mode });
    else if (event.kind === 'link') await symlink(event.target, join(this.#root, event.path));
    else {
      await mkdir(dirname(join(this.#root, event.path)), { recursive: true, mode: 0o700 });
      this.#file = await open(join(this.#root, event.path), 'w', event.mode);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
