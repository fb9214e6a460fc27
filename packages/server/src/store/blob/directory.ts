import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../lib/atomic-file.ts';
import {
  type BlobInfo,
  type BlobStore,
  type ByteRange,
  blobExists,
  blobMissing,
  checkBlobPath,
  type PutOptions,
} from '../../lib/blob.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';

/** Files in the making; no path of an object can begin so. */
const TEMPORARY = '.~';

/** A blob store in a folder of this machine, or one that is mounted. */
export class DirectoryBlobStore implements BlobStore {
  readonly locks = false;
  readonly address: string;
  readonly #root: string;

  /** @param root absolute path; made when the first object is stored */
  constructor(root: string) {
    this.#root = root;
    this.address = `file:${root}`;
  }

  async put(path: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<BlobInfo> {
    checkBlobPath(path);
    const target = join(this.#root, path);
    const temporary = join(dirname(target), `${TEMPORARY}${randomHex(8)}`);
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await writeDurably(temporary, body, options.signal);
      // `link` fails where the name is taken; `rename` would replace.
      if (options.ifAbsent) await link(temporary, target);
      else await rename(temporary, target);
      await syncFolder(dirname(target));
    } catch (error) {
      if (codeOf(error) === 'EEXIST' && options.ifAbsent) throw blobExists(path, this.address);
      throw await this.#asBlobError(path, error);
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
    return this.#info(path);
  }

  async *get(path: string, { start = 0, end }: ByteRange = {}): AsyncIterable<Uint8Array> {
    checkBlobPath(path);
    if (end !== undefined && end <= start) return;
    const range = end === undefined ? { start } : { start, end: end - 1 };
    try {
      yield* createReadStream(join(this.#root, path), { ...range, highWaterMark: 256 * 1024 });
    } catch (error) {
      throw await this.#asBlobError(path, error);
    }
  }

  async head(path: string): Promise<BlobInfo | undefined> {
    checkBlobPath(path);
    try {
      return await this.#info(path);
    } catch (error) {
      if ((error as YumOpsError).code === 'blob_missing') return undefined;
      throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<BlobInfo> {
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : '';
    for await (const path of this.#walk(folder)) {
      if (!path.startsWith(prefix)) continue;
      const info = await this.head(path);
      if (info) yield info;
    }
  }

  async delete(path: string): Promise<void> {
    checkBlobPath(path);
    try {
      await rm(join(this.#root, path), { force: true });
    } catch (error) {
      throw await this.#asBlobError(path, error);
    }
  }

  async sweepUnfinished(prefix: string, before: number): Promise<void> {
    const folder = join(this.#root, prefix.slice(0, prefix.lastIndexOf('/') + 1));
    try {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !entry.name.startsWith(TEMPORARY)) continue;
        const path = join(entry.parentPath, entry.name);
        // One that has just got its name is no rest.
        const found = await stat(path).catch(() => undefined);
        if (found && found.mtimeMs < before) await rm(path, { force: true });
      }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw await this.#asBlobError(prefix, error);
    }
  }

  extendLock(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}

  /** Paths below a folder. A folder sorts as its name with a slash, as the full paths of what is in it do. */
  async *#walk(folder: string): AsyncIterable<string> {
    let entries: { name: string; isDirectory(): boolean }[];
    try {
      entries = await readdir(join(this.#root, folder), { withFileTypes: true });
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return;
      throw await this.#asBlobError(folder, error);
    }
    const names = entries
      .filter(({ name }) => !name.startsWith(TEMPORARY))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort();
    const base = folder === '' ? '' : `${folder}/`;
    for (const name of names) {
      if (name.endsWith('/')) yield* this.#walk(base + name.slice(0, -1));
      else yield base + name;
    }
  }

  async #info(path: string): Promise<BlobInfo> {
    try {
      const { size, mtimeMs } = await stat(join(this.#root, path));
      return { path, bytes: size, modified: Math.floor(mtimeMs) };
    } catch (error) {
      throw await this.#asBlobError(path, error);
    }
  }

  async #asBlobError(path: string, error: unknown): Promise<unknown> {
    const code = codeOf(error) ?? '';
    if (error instanceof YumOpsError || (error as { syscall?: unknown }).syscall === undefined) return error;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return blobMissing(path, this.address);
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      return new YumOpsError('blob_refused', `${this.address} refuses ${path}: ${messageOf(error)}.`, {
        hint: 'Give the user of the platform the right to read and write there.',
        cause: error,
      });
    }
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
      return new YumOpsError('blob_full', `${this.address} is full: ${path} was not stored${await this.#room()}.`, {
        hint: 'Make room there, or choose another store with `stores: {blobs: …}`.',
        cause: error,
      });
    }
    return new YumOpsError('blob_unavailable', `${this.address} failed on ${path}: ${messageOf(error)}.`, {
      cause: error,
    });
  }

  async #room(): Promise<string> {
    try {
      const { bavail, bsize } = await statfs(this.#root);
      return ` (${Math.round((bavail * bsize) / 1_048_576)} MB free)`;
    } catch {
      // The size of the room only completes the message.
      return '';
    }
  }
}

async function writeDurably(
  path: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    if (body instanceof Uint8Array) await writeAll(file, body);
    else {
      for await (const piece of body) {
        signal?.throwIfAborted();
        await writeAll(file, piece);
      }
    }
    signal?.throwIfAborted();
    await file.sync();
  } finally {
    await file.close();
  }
}

/** One call may write less than it was given, such as on a disk that has just run full. */
async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  let at = 0;
  while (at < piece.length) at += (await file.write(piece, at, piece.length - at)).bytesWritten;
}
