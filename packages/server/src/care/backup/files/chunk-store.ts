import { hkdfSync } from 'node:crypto';
import { codeOf, YumOpsError } from '../../../lib/errors.ts';
import type { Repository } from '../repository.ts';
import { gearTable, MOST, ROOM_BYTES } from './chunker.ts';

/** Uploads under way at one time. */
const AT_ONCE = 3;

/** Where a chunk stands. */
export function chunkPath({ folder }: Pick<Repository, 'folder'>, id: string): string {
  return `${folder}/chunks/${id.slice(0, 2)}/${id}`;
}

/** Stores pieces of files, each once. Memory: one entry for every chunk of the repository, three chunks under way. */
export class ChunkWriter {
  readonly gear: Int32Array;
  /** Where one file after the other is cut: a room for each would be garbage faster than it is collected. */
  readonly room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  /** Bytes that were added to the store. */
  added = 0;
  readonly #repository: Repository;
  readonly #lockUntil: number | undefined;
  readonly #known: Set<string>;
  readonly #reused = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #rooms: Buffer[] = [];
  #failure: unknown;

  private constructor(repository: Repository, known: Set<string>, lockUntil: number | undefined) {
    this.#repository = repository;
    this.#known = known;
    this.#lockUntil = lockUntil;
    this.gear = gearTable(Buffer.from(hkdfSync('sha256', repository.chunkSeed(), '', 'gear', 1_024)));
  }

  static async open(repository: Repository, lockUntil: number | undefined): Promise<ChunkWriter> {
    return new ChunkWriter(repository, await storedChunks(repository), lockUntil);
  }

  /** Takes a piece; it is stored when `finish` has resolved. @returns its id */
  async add(piece: Uint8Array): Promise<string> {
    if (this.#failure) throw this.#failure;
    const id = this.#repository.chunkId(piece);
    if (this.#known.has(id)) {
      if (!this.#reused.has(id)) await this.#reuse(id);
      return id;
    }
    this.#known.add(id);
    while (this.#underWay.size >= AT_ONCE) await Promise.race(this.#underWay);
    // Room of an upload that has ended: new buffers would gather faster than they are collected.
    const room = this.#rooms.pop() ?? Buffer.allocUnsafeSlow(MOST);
    room.set(piece);
    const upload: Promise<void> = this.#upload(id, room.subarray(0, piece.length))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#rooms.push(room);
        this.#underWay.delete(upload);
      });
    this.#underWay.add(upload);
    return id;
  }

  /** Waits for what is under way, and makes sure that every chunk that was used again is still there. */
  async finish(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure;
    if (this.#reused.size === 0) return;
    const stored = await storedChunks(this.#repository);
    for (const id of this.#reused) {
      if (stored.has(id)) continue;
      throw new YumOpsError('backup_chunk_gone', `The chunk ${id} was removed while the backup ran.`, {
        hint: 'Another program removed it. Run the backup again.',
      });
    }
  }

  async #reuse(id: string): Promise<void> {
    this.#reused.add(id);
    if (this.#lockUntil !== undefined) {
      await this.#repository.store.extendLock(chunkPath(this.#repository, id), this.#lockUntil);
    }
  }

  async #upload(id: string, piece: Buffer): Promise<void> {
    const lock = this.#lockUntil === undefined ? {} : { lockUntil: this.#lockUntil };
    try {
      const path = chunkPath(this.#repository, id);
      const { bytes } = await this.#repository.writeObject(path, once(piece), { ifAbsent: true, ...lock });
      this.added += bytes;
    } catch (error) {
      // Another run stored the same piece at the same time.
      if (codeOf(error) !== 'blob_exists') throw error;
      this.#reused.add(id);
    }
  }
}

async function* once(piece: Uint8Array): AsyncIterable<Uint8Array> {
  yield piece;
}

/** Ids of all chunks in the store. */
export async function storedChunks({ store, folder }: Repository): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { path } of store.list(`${folder}/chunks/`)) ids.add(path.slice(path.lastIndexOf('/') + 1));
  return ids;
}
