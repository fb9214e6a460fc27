import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileEntry, FileSource } from '../../care/backup/index.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';

/** The bytes of a file, and its end. A piece is good until the next one is asked for. */
async function* bytesOf(file: FileHandle): AsyncIterable<Uint8Array> {
  const room = Buffer.allocUnsafeSlow(256 * 1024);
  try {
    for (;;) {
      const { bytesRead } = await file.read(room, 0, room.length);
      if (bytesRead === 0) return;
      yield room.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** A folder of this machine whose files are backed up. */
export class FolderFiles implements FileSource {
  readonly name: string;
  readonly root: string;

  /** @param root absolute path */
  constructor(name: string, root: string) {
    this.name = name;
    this.root = root;
  }

  /** @param deep whether what is in its folders is listed too */
  async *list(deep = true): AsyncIterable<FileEntry> {
    yield* this.#walk('', deep);
  }

  async read(path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    try {
      return bytesOf(await open(join(this.root, path), 'r'));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw unreadable(join(this.root, path), error);
    }
  }

  close(): void {}

  async *#walk(folder: string, deep: boolean): AsyncIterable<FileEntry> {
    const names = await this.#namesIn(folder);
    for (const name of names) {
      const entry = await this.#entry(folder === '' ? name : `${folder}/${name}`);
      if (!entry) continue;
      yield entry;
      if (deep && entry.kind === 'folder') yield* this.#walk(entry.path, deep);
    }
  }

  async #namesIn(folder: string): Promise<string[]> {
    try {
      return (await readdir(join(this.root, folder))).sort();
    } catch (error) {
      // The source itself must be there; a folder in it may go while we look.
      if (codeOf(error) === 'ENOENT' && folder !== '') return [];
      throw unreadable(join(this.root, folder), error);
    }
  }

  async #entry(path: string): Promise<FileEntry | undefined> {
    const full = join(this.root, path);
    try {
      const stats = await lstat(full);
      const common = { path, modified: Math.floor(stats.mtimeMs), mode: stats.mode & 0o7777 };
      if (stats.isSymbolicLink()) return { kind: 'link', ...common, bytes: 0, target: await readlink(full) };
      if (stats.isDirectory()) return { kind: 'folder', ...common, bytes: 0 };
      // Sockets, pipes and devices have no bytes to keep.
      return stats.isFile() ? { kind: 'file', ...common, bytes: stats.size } : undefined;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw unreadable(full, error);
    }
  }
}

function unreadable(path: string, cause: unknown): YumOpsError {
  return new YumOpsError('files_unreadable', `${path} cannot be backed up: ${messageOf(cause)}.`, {
    hint: 'Correct `files` of the backup, or give the user of the platform the right to read there.',
    cause,
  });
}
