import { type CatalogueEntry, readCatalogue } from '../catalogue.ts';
import { chunkPath, storedChunks } from '../files/chunk-store.ts';
import { type BackupManifest, manifestPath, readManifest } from '../manifest.ts';
import type { Repository } from '../repository.ts';
import { readFileList } from '../restore/restore-files.ts';
import { failedPath, runningPath } from '../run.ts';
import { planRetention, type RetentionPlan, type RetentionRules } from './plan.ts';

/** What no manifest names is rubbish only after so long: it may be of a backup that is being made. */
const YOUNG_MS = 48 * 3_600_000;

export interface PruneReport extends RetentionPlan {
  /** Bytes of objects and chunks that were removed. */
  freed: number;
  /** Objects that the store holds on to, with the reason. */
  refused: { path: string; message: string }[];
}

export interface PruneOptions extends RetentionRules {
  now: number;
  signal: AbortSignal;
  /** Asked before each deletion; see `whilePruning`. */
  check?: () => void;
}

/**
 * Deletes what retention does not keep: first the manifest, so that what is left is no backup, then its objects, then objects,
 * chunks and remains of killed runs that no backup names and that are older than 48 hours. What a backup names stays wherever it
 * stands: a base backup may hold what a run had stored that was cut off.
 * @throws YumOpsError those of the blob store
 */
export async function prune(repository: Repository, options: PruneOptions): Promise<PruneReport> {
  const { now, signal, check } = options;
  const entries = await readCatalogue(repository, now);
  const plan = planRetention(entries, options, now);
  const report: PruneReport = { ...plan, freed: 0, refused: [] };
  const remover = new Remover(repository, report, check);
  const gone = new Map<string, CatalogueEntry>();
  for (const entry of entries.filter(({ id }) => plan.delete.some((item) => item.id === id))) {
    signal.throwIfAborted();
    // While its manifest is locked the backup is whole, and stays so.
    if (await remover.remove(manifestPath(repository, entry.id))) gone.set(entry.id, entry);
  }
  const left = entries.filter(({ id }) => !gone.has(id));
  const stay = await readStaying(repository, left, signal);
  for (const entry of gone.values()) {
    signal.throwIfAborted();
    await removeRest(repository, entry, stay, remover);
  }
  if (stay.isClear) await sweep(repository, stay, now, remover, signal);
  return report;
}

/** The backups that stay. */
interface Staying {
  /** Of these and of runs that failed. */
  ids: ReadonlySet<string>;
  manifests: readonly BackupManifest[];
  /** Paths of their objects. */
  named: ReadonlySet<string>;
  /** Whether these are all: a run under way may be about to use anything again, a manifest that cannot be read may name anything. */
  isClear: boolean;
}

async function readStaying(
  repository: Repository,
  left: readonly CatalogueEntry[],
  signal: AbortSignal,
): Promise<Staying> {
  const manifests: BackupManifest[] = [];
  for (const { id } of left.filter(({ status }) => status === 'good')) {
    signal.throwIfAborted();
    manifests.push(await readManifest(repository, id));
  }
  const named = new Set(manifests.flatMap(({ objects }) => objects.map(({ path }) => path)));
  const isClear = left.every(({ status }) => status === 'good' || status === 'failed');
  return { ids: new Set(left.map(({ id }) => id)), manifests, named, isClear };
}

/** What stands beside a manifest that is gone. */
async function removeRest(
  repository: Repository,
  { id, status }: CatalogueEntry,
  { named, isClear }: Staying,
  remover: Remover,
): Promise<void> {
  const { folder } = repository;
  // What a good backup had only it named; of a run that came to nothing a backup may hold something that we cannot read.
  if (status === 'good' || isClear) await remover.removeBelow(`${folder}/objects/${id}/`, named);
  await remover.removeBelow(`${folder}/verified/${id}/`);
  await remover.remove(failedPath(repository, id));
  await remover.remove(runningPath(repository, id));
}

async function sweep(
  repository: Repository,
  { ids, manifests, named }: Staying,
  now: number,
  remover: Remover,
  signal: AbortSignal,
): Promise<void> {
  const { store, folder } = repository;
  await store.sweepUnfinished(`${folder}/`, now - YOUNG_MS);
  for await (const { path, modified } of store.list(`${folder}/objects/`)) {
    if (!named.has(path) && now - modified > YOUNG_MS) await remover.remove(path);
  }
  for await (const { path, modified } of store.list(`${folder}/verified/`)) {
    if (!ids.has(path.split('/')[2] ?? '') && now - modified > YOUNG_MS) await remover.remove(path);
  }
  const used = await chunksOf(repository, manifests, signal);
  for (const chunk of await storedChunks(repository)) {
    if (used.has(chunk)) continue;
    const path = chunkPath(repository, chunk);
    const info = await store.head(path);
    if (info && now - info.modified > YOUNG_MS) await remover.remove(path);
  }
}

/** Ids of all chunks that the files of these backups are made of. */
export async function chunksOf(
  repository: Repository,
  manifests: readonly BackupManifest[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const used = new Set<string>();
  for (const manifest of manifests) {
    signal.throwIfAborted();
    if (!manifest.objects.some(({ part }) => part === 'files')) continue;
    for await (const { chunks = [] } of readFileList(repository, manifest)) for (const chunk of chunks) used.add(chunk);
  }
  return used;
}

/** Removes objects and keeps count. What a lock holds is reported and left. */
class Remover {
  readonly #repository: Repository;
  readonly #report: PruneReport;
  readonly #check: () => void;

  constructor(repository: Repository, report: PruneReport, check: () => void = () => undefined) {
    this.#repository = repository;
    this.#report = report;
    this.#check = check;
  }

  /** @returns whether it is gone */
  async remove(path: string): Promise<boolean> {
    this.#check();
    const { store } = this.#repository;
    const bytes = (await store.head(path))?.bytes ?? 0;
    try {
      await store.delete(path);
      this.#report.freed += bytes;
      return true;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code !== 'blob_locked') throw error;
      this.#report.refused.push({ path, message });
      return false;
    }
  }

  /** @param named what is not removed */
  async removeBelow(prefix: string, named?: ReadonlySet<string>): Promise<void> {
    const paths: string[] = [];
    for await (const { path } of this.#repository.store.list(prefix)) if (!named?.has(path)) paths.push(path);
    for (const path of paths) await this.remove(path);
  }
}
