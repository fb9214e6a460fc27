import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../../lib/atomic-file.ts';
import { codeOf } from '../../../lib/errors.ts';
import { randomHex } from '../../../lib/random.ts';
import { dayOf } from '../record/time.ts';
import type { AttachedFile } from './context.ts';

const ID = /^(\d{8})-[0-9a-f]{32}$/;

/** The bytes of attachments, one file each, one folder a day. An id names the day and the content. */
export class AttachmentFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
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
    try {
      return await readFile(join(this.#folder, dayFolder(id), id));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes the days that lie wholly before a time. */
  async expire(before: number): Promise<void> {
    const first = dayOf(before).replaceAll('-', '');
    const days = await readdir(this.#folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    });
    for (const day of days) {
      if (/^\d{8}$/.test(day) && day < first) await rm(join(this.#folder, day), { recursive: true, force: true });
    }
  }
}

function dayFolder(id: string): string {
  return (ID.exec(id) as RegExpExecArray)[1] as string;
}
