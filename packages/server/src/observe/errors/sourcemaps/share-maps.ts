import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import type { Db } from '../../../lib/db.ts';
import { codeOf } from '../../../lib/errors.ts';
import type { SharedFiles } from '../../../lib/shared-files.ts';

/** Where a map stands among the shared files. @param path relative to the folder of maps */
export const sharedMapPath = (path: string) => `source-maps/${path}`;

/** Rounds between two looks for what was missing. */
const ASK_AGAIN = 12;

interface MapRow {
  path: string;
  uploaded_at: Date;
}

/**
 * Keeps this instance's folder of source maps like that of the others: parsing reads maps from disk, and any instance may
 * have taken the upload. What only this one has, from before maps were shared, goes to the others.
 */
export class MapSharing {
  readonly #db: Db;
  readonly #folder: string;
  readonly #shared: SharedFiles;
  /** Uploads until then were looked at. */
  #seen: Date | undefined;
  /** Those that were not to be had: the instance that has them may not have given them yet. */
  readonly #missing = new Map<string, Date>();
  #rounds = 0;

  constructor(db: Db, folder: string, shared: SharedFiles) {
    this.#db = db;
    this.#folder = folder;
    this.#shared = shared;
  }

  /** @returns maps that were moved in either direction */
  async move(signal: AbortSignal): Promise<number> {
    const since = this.#seen;
    const rows = await this.#db.query<MapRow>(
      'SELECT path, uploaded_at FROM source_maps WHERE uploaded_at >= $1 ORDER BY uploaded_at',
      [since ?? new Date(0)],
    );
    const known = since === undefined && rows.length > 0 ? await this.#sharedPaths() : undefined;
    let moved = 0;
    for (const { path, uploaded_at: at } of rows) {
      signal.throwIfAborted();
      if (known?.has(sharedMapPath(path)) === false && (await this.#give(path))) moved += 1;
      else if (!(await this.#isHere(path, at))) this.#missing.set(path, at);
      this.#seen = at;
    }
    this.#seen ??= new Date(0);
    const isNew = rows.some(({ uploaded_at: at }) => since === undefined || at > since);
    return moved + (await this.#takeMissing(isNew, signal));
  }

  async #sharedPaths(): Promise<Set<string>> {
    const paths = new Set<string>();
    for await (const path of this.#shared.list(sharedMapPath(''))) paths.add(path);
    return paths;
  }

  async #takeMissing(isNew: boolean, signal: AbortSignal): Promise<number> {
    this.#rounds += 1;
    if (!isNew && this.#rounds % ASK_AGAIN !== 0) return 0;
    let moved = 0;
    for (const path of this.#missing.keys()) {
      signal.throwIfAborted();
      if (!(await this.#take(path))) continue;
      this.#missing.delete(path);
      moved += 1;
    }
    return moved;
  }

  async #give(path: string): Promise<boolean> {
    try {
      await this.#shared.put(sharedMapPath(path), await readFile(join(this.#folder, path)));
      return true;
    } catch (error) {
      // Another instance has it, or it is gone: the row alone brings no map back.
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #isHere(path: string, at: Date): Promise<boolean> {
    try {
      // An upload is written before its row: one that came here is at least as new, but for the clocks of two machines.
      return (await stat(join(this.#folder, path))).mtimeMs >= at.getTime() - 1_000;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #take(path: string): Promise<boolean> {
    const bytes = await this.#shared.get(sharedMapPath(path));
    if (!bytes) return false;
    const target = join(this.#folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeFileAtomic(target, bytes);
    return true;
  }
}
