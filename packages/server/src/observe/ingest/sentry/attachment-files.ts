import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../../lib/atomic-file.ts';
import { codeOf } from '../../../lib/errors.ts';
import { randomHex } from '../../../lib/random.ts';
import type { SharedFiles } from '../../../lib/shared-files.ts';
import { dayOf } from '../record/time.ts';
import type { AttachedFile } from './context.ts';

const ID = /^(\d{8})-[0-9a-f]{32}$/;

/**
 * The bytes of attachments, one file each, one folder a day. An id names the day and the content. They are made durable
 * on this machine's disk, since an answer waits for it, and move to the files that all instances share soon after.
 */
export class AttachmentFiles {
  readonly #folder: string;
  readonly #shared: SharedFiles | null;

  /** @param shared null = they stay here */
  constructor(folder: string, shared: SharedFiles | null = null) {
    this.#folder = folder;
    this.#shared = shared;
  }

  /** Makes files durable. */
  async write(files: readonly AttachedFile[]): Promise<void> {
    for (const { id, bytes } of files) {
      const folder = join(this.#folder, dayFolder(id));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const partial = join(folder, `${id}.${randomHex(4)}.partial`);
      const file = await open(partial, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(partial, join(folder, id));
      await syncFolder(folder);
    }
  }

  async read(id: string): Promise<Uint8Array | undefined> {
    if (!ID.test(id)) return undefined;
    const here = await this.#readHere(id);
    // It may have moved between the two looks, never back.
    return here ?? this.#shared?.get(sharedPath(id));
  }

  /** Moves what has come in to the shared files, those of an earlier version too. @returns how many */
  async move(signal: AbortSignal): Promise<number> {
    if (!this.#shared) return 0;
    let moved = 0;
    for (const day of await this.#namesIn('')) {
      for (const id of await this.#namesIn(day)) {
        signal.throwIfAborted();
        const bytes = ID.test(id) ? await this.#readHere(id) : undefined;
        if (!bytes) continue;
        await this.#shared.put(sharedPath(id), bytes);
        await rm(join(this.#folder, day, id), { force: true });
        moved += 1;
      }
    }
    return moved;
  }

  /** Removes the days that lie wholly before a time. */
  async expire(before: number): Promise<void> {
    const first = dayOf(before).replaceAll('-', '');
    const isOver = (day: string) => /^\d{8}$/.test(day) && day < first;
    for (const day of await this.#namesIn('')) {
      if (isOver(day)) await rm(join(this.#folder, day), { recursive: true, force: true });
    }
    if (!this.#shared) return;
    for await (const path of this.#shared.list(SHARED)) {
      // They come in order of their days.
      if (!isOver(path.slice(SHARED.length).split('/')[0] ?? '')) break;
      await this.#shared.delete(path);
    }
  }

  async #readHere(id: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.#folder, dayFolder(id), id));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #namesIn(folder: string): Promise<string[]> {
    return readdir(join(this.#folder, folder)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
      throw error;
    });
  }
}

const SHARED = 'attachments/';
const sharedPath = (id: string) => `${SHARED}${dayFolder(id)}/${id}`;

function dayFolder(id: string): string {
  return (ID.exec(id) as RegExpExecArray)[1] as string;
}
