import { createHash } from 'node:crypto';
import {
  type BackupManifest,
  chunkPath,
  chunksOf,
  manifestPath,
  type Repository,
  readCatalogue,
  readManifest,
  recordRun,
  storedChunks,
  whileArriving,
  whileReading,
} from '../../care/backup/index.ts';
import { copyRest, logOfBase } from '../../care/backup/physical/index.ts';
import { type PutOptions, readBlob } from '../../lib/blob.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import type { Hooks } from './backups.ts';

/** Two repositories of one backup, and how copies are put into the second. */
export interface CopyRoute {
  from: Repository;
  to: Repository;
  clock: Clock;
  /** Milliseconds for which copies are locked; null = not at all. */
  lockMs: number | null;
  /** Milliseconds for which log is locked at most. */
  pitrWindowMs: number;
  /** Whether the second is where backups are made: its own log may be newer. */
  isReturn: boolean;
}

/** Until when something that is copied now is locked; undefined where the store cannot. */
export function lockUntilOf(
  { to, clock, lockMs }: Pick<CopyRoute, 'to' | 'clock' | 'lockMs'>,
  most = Number.POSITIVE_INFINITY,
): number | undefined {
  return lockMs === null || !to.store.locks ? undefined : clock.now() + Math.min(lockMs, most);
}

/**
 * Copies a backup to another store as it is, sealed; the manifest last. Every object is summed on its way. There the copy
 * shows as running while it is made, by one process at a time: a second waits, and finds it made.
 * @param again whether what stands there already is put once more: it was found not to be good. Pieces of files and of the log
 *   that open there stay
 * @throws YumOpsError `copy_damaged`, and those of both stores
 */
export async function copyBackup(
  route: CopyRoute,
  manifest: BackupManifest,
  hooks: Hooks,
  again = false,
): Promise<BackupManifest> {
  const { from, to, clock } = route;
  const { id, tier, parent, oneOff, schemas } = manifest;
  // An increment is worth nothing without what it builds on, which may be older than the destination.
  if (parent !== null && !(await to.store.head(manifestPath(to, parent)))) {
    await copyBackup(route, await readManifest(from, parent), hooks);
  }
  if (!again && (await to.store.head(manifestPath(to, id)))) return manifest;
  const { signal } = hooks;
  return whileArriving(to, clock, { id, signal }, async (waitedSince) => {
    const there = await to.store.head(manifestPath(to, id));
    if (there && (!again || (waitedSince !== null && there.modified >= waitedSince))) return manifest;
    const only = oneOff ? (schemas ?? []) : undefined;
    return recordRun(to, clock, { id, tier, only, signal }, async () => {
      await new Copy(route, manifest, hooks, again).perform();
      return manifest;
    });
  });
}

/** One backup on its way. */
class Copy {
  readonly #route: CopyRoute;
  readonly #manifest: BackupManifest;
  readonly #hooks: Hooks;
  readonly #again: boolean;
  readonly #lockUntil: number | undefined;

  constructor(route: CopyRoute, manifest: BackupManifest, hooks: Hooks, again: boolean) {
    this.#route = route;
    this.#manifest = manifest;
    this.#hooks = hooks;
    this.#again = again;
    this.#lockUntil = lockUntilOf(route);
  }

  async perform(): Promise<void> {
    const { from } = this.#route;
    await this.#objects();
    await this.#chunks();
    await this.#log();
    const path = manifestPath(from, this.#manifest.id);
    await this.#put(path, await readBlob(from.store, path));
  }

  async #objects(): Promise<void> {
    const { from } = this.#route;
    const { progress, signal } = this.#hooks;
    const { objects } = this.#manifest;
    const total = objects.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    for (const { path, sha256 } of objects) {
      async function* summed(): AsyncIterable<Uint8Array> {
        const sum = createHash('sha256');
        for await (const piece of from.store.get(path)) {
          signal.throwIfAborted();
          sum.update(piece);
          done += piece.length;
          progress(done, total, 'bytes copied');
          yield piece;
        }
        if (sum.digest('hex') !== sha256) throw new YumOpsError('copy_damaged', `${path} was altered on its way.`);
      }
      // As it is sealed, an object has the same bytes each time.
      await this.#put(path, summed(), { resume: true, signal });
    }
  }

  /** Pieces of files; those that a prune took meanwhile are put again. */
  async #chunks(): Promise<void> {
    const { from, to } = this.#route;
    const { signal } = this.#hooks;
    const ids = await chunksOf(from, [this.#manifest], signal);
    if (ids.size === 0) return;
    let there = await storedChunks(to);
    if (this.#again) there = await this.#whole(there, ids);
    const lockUntil = this.#lockUntil;
    for (const id of ids) {
      signal.throwIfAborted();
      const path = chunkPath(from, id);
      if (!there.has(id)) await this.#put(path, await readBlob(from.store, path));
      else if (lockUntil !== undefined) await to.store.extendLock(path, lockUntil);
    }
    there = await storedChunks(to);
    for (const id of ids) {
      const path = chunkPath(from, id);
      if (!there.has(id)) await this.#put(path, await readBlob(from.store, path));
    }
  }

  /** Of the pieces that stand there those that open: what is good is never replaced, by what may not be. */
  async #whole(there: ReadonlySet<string>, ids: ReadonlySet<string>): Promise<Set<string>> {
    const { to } = this.#route;
    const whole = new Set<string>();
    for (const id of ids) {
      this.#hooks.signal.throwIfAborted();
      if (there.has(id) && (await opens(to, chunkPath(to, id)))) whole.add(id);
    }
    return whole;
  }

  /** The log that a base backup needs by itself, locked for as long. */
  async #log(): Promise<void> {
    const { tier, id, finished } = this.#manifest;
    if (tier !== 'physical') return;
    const { from, to } = this.#route;
    for (const path of await logOfBase(from, id, Date.parse(finished))) {
      if (!this.#again || !(await opens(to, path))) await this.#put(path, await readBlob(from.store, path));
      else if (this.#lockUntil !== undefined) await to.store.extendLock(path, this.#lockUntil);
    }
  }

  /** What an earlier attempt copied stays, and its lock is moved away. */
  async #put(path: string, body: Uint8Array | AsyncIterable<Uint8Array>, more: PutOptions = {}): Promise<void> {
    const { to } = this.#route;
    const lockUntil = this.#lockUntil;
    const lock = lockUntil === undefined ? {} : { lockUntil };
    const isNew = await put(to, path, body, { ...more, ...lock, ifAbsent: !this.#again });
    if (!isNew && lockUntil !== undefined) await to.store.extendLock(path, lockUntil);
  }
}

/** Whether a sealed object is there, and whole. */
async function opens(repository: Repository, path: string): Promise<boolean> {
  try {
    for await (const _ of repository.readObject(path));
    return true;
  } catch (error) {
    if (!['backup_damaged', 'backup_key_wrong', 'blob_missing'].includes(codeOf(error) ?? '')) throw error;
    return false;
  }
}

/** @returns false where it stands there already */
async function put(
  { store }: Repository,
  path: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<boolean> {
  try {
    await store.put(path, body, options);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'blob_exists') throw error;
    return false;
  }
}

/** What catching up did. */
export interface CopyReport {
  /** Ids of the backups that were copied. */
  copied: string[];
  /** Those that were put once more, since their verification there had failed. */
  repaired: string[];
}

/**
 * Brings a destination up to the other: backups that are missing, newest first, those whose copy was found not to be good,
 * and the rest of the log.
 * @param missing ids, oldest first
 */
export async function catchUp(route: CopyRoute, missing: readonly string[], hooks: Hooks): Promise<CopyReport> {
  const { from, to, clock, pitrWindowMs, isReturn } = route;
  const report: CopyReport = { copied: [], repaired: [] };
  for (const id of missing.toReversed()) {
    await copyBackup(route, await readManifest(from, id), hooks);
    report.copied.push(id);
  }
  const here = await readCatalogue(from, clock.now());
  const usable = new Set(
    here.filter(({ status, verified }) => status === 'good' && verified?.ok !== false).map(({ id }) => id),
  );
  for (const { id, status, verified } of await readCatalogue(to, clock.now())) {
    const isBad = status === 'damaged' || (status === 'good' && verified?.ok === false);
    if (!isBad || !usable.has(id)) continue;
    const manifest = await readManifest(from, id);
    // What stands there hides from a prune that it is being made again.
    const use = { use: 'copy', id, signal: hooks.signal } as const;
    await whileReading(to, clock, use, () => copyBackup(route, manifest, hooks, true));
    report.repaired.push(id);
  }
  await copyRest(from, to, hooks.signal, { lockUntil: lockUntilOf(route, pitrWindowMs), onlyMissing: isReturn });
  return report;
}
