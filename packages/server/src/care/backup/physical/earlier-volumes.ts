import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { PutOptions } from '../../../lib/blob.ts';
import { codeOf } from '../../../lib/errors.ts';
import { readCatalogue } from '../catalogue.ts';
import type { ManifestObject, ResumedRuns } from '../manifest.ts';
import type { Repository, StoredObject } from '../repository.ts';
import { Spool } from './spool.ts';

/** A volume of a run that was cut off. */
interface Earlier {
  run: string;
  stored: StoredObject;
}

/** Records that are read or deleted at a time. */
const AT_ONCE = 16;

/**
 * The volumes that base backups which came to nothing have left in the store. The server sends everything again; of what turns out to
 * be the same as such a volume nothing is stored, and the volume is named in its place, after it was read back.
 */
export class EarlierVolumes {
  readonly #repository: Repository;
  /** Oldest first. */
  readonly #runs: readonly string[];
  /** By the SHA-256 of what is sealed in them. */
  readonly #known: ReadonlyMap<string, Earlier>;
  /** Bytes of a volume, about: it waits in the folder for temporary files, sealed, until it is known. */
  readonly #room: number;
  readonly #taken: Earlier[] = [];

  private constructor(
    repository: Repository,
    runs: readonly string[],
    known: ReadonlyMap<string, Earlier>,
    room: number,
  ) {
    this.#repository = repository;
    this.#runs = runs;
    this.#known = known;
    this.#room = room;
  }

  /**
   * Looks for them: of all base backups since the last good one.
   * @param now milliseconds since the epoch
   * @param room bytes of a volume, about
   */
  static async find(repository: Repository, now: number, room: number): Promise<EarlierVolumes> {
    const runs = (await readCatalogue(repository, now)).filter(({ tier }) => tier === 'physical');
    const since = runs.slice(runs.findLastIndex(({ status }) => status === 'good') + 1);
    const known = new Map<string, Earlier>();
    const failed = since.filter(({ status }) => status === 'failed').map(({ id }) => id);
    for (const id of failed) {
      for (const stored of await readRecords(repository, id)) {
        if (stored.keyId === repository.keyId) known.set(stored.plainSha256, { run: id, stored });
      }
    }
    return new EarlierVolumes(repository, failed, known, room);
  }

  /** What was taken of them; undefined = nothing. */
  get resumed(): ResumedRuns | undefined {
    if (this.#taken.length === 0) return undefined;
    const from = this.#runs.filter((id) => this.#taken.some(({ run }) => run === id));
    return { from, bytes: this.#taken.reduce((sum, { stored }) => sum + stored.bytes, 0) };
  }

  /** Stores a volume, or finds it stored. */
  async takeOrStore(path: string, content: AsyncIterable<Buffer>, options: PutOptions): Promise<StoredObject> {
    if (this.#known.size === 0 || !(await hasRoom(this.#room))) {
      return this.#repository.writeObject(path, content, options);
    }
    const sealing = this.#repository.seal(path, content);
    const spool = new Spool();
    try {
      for await (const piece of sealing.stream) spool.append(piece);
      const sums = sealing.sums();
      const same = this.#known.get(sums.plainSha256);
      if (same && (await this.#take(same, options))) return same.stored;
      await this.#repository.store.put(path, each(spool.content()), options);
      return { path, ...sums };
    } finally {
      spool.close();
    }
  }

  /** Writes down beside a volume what it holds, until its backup is complete. */
  async note(id: string, { part, ...stored }: ManifestObject): Promise<void> {
    const isOwn = stored.path === this.#repository.objectPath(id, part);
    if (isOwn) await this.#repository.writeRecord(recordPath(stored.path), stored);
  }

  /** Removes the records of a backup that is complete; what cannot be removed is swept with the next prune. */
  async forget(id: string): Promise<void> {
    const paths = await recordsOf(this.#repository, id);
    for (let at = 0; at < paths.length; at += AT_ONCE) {
      const some = paths.slice(at, at + AT_ONCE);
      await Promise.all(some.map((path) => this.#repository.store.delete(path).catch(() => undefined)));
    }
  }

  /** Reads it back: that it was stored whole once does not make it whole. */
  async #take(earlier: Earlier, { lockUntil, signal }: PutOptions): Promise<boolean> {
    const { store } = this.#repository;
    try {
      for await (const _ of this.#repository.readObject(earlier.stored)) signal?.throwIfAborted();
      if (lockUntil !== undefined) await store.extendLock(earlier.stored.path, lockUntil);
    } catch (error) {
      if (codeOf(error) === 'backup_damaged' || codeOf(error) === 'blob_missing') return false;
      throw error;
    }
    this.#taken.push(earlier);
    return true;
  }
}

const recordPath = (path: string) => `${path}.json`;

async function recordsOf(repository: Repository, id: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of repository.store.list(repository.objectPath(id, ''))) {
    if (path.endsWith('.json')) paths.push(path);
  }
  return paths;
}

/** What was noted of a run; a record that cannot be trusted counts for nothing. */
async function readRecords(repository: Repository, id: string): Promise<StoredObject[]> {
  const paths = await recordsOf(repository, id);
  const records: (StoredObject | undefined)[] = [];
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const some = paths.slice(at, at + AT_ONCE);
    records.push(...(await Promise.all(some.map((path) => repository.readRecord<StoredObject>(path).catch(orNone)))));
  }
  return records.filter((record) => record !== undefined);
}

function orNone(error: unknown): undefined {
  if (!['blob_missing', 'backup_damaged', 'backup_key_wrong'].includes(codeOf(error) ?? '')) throw error;
  return undefined;
}

async function hasRoom(bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize > 2 * bytes;
}

async function* each(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* pieces;
}
