import { createHash } from 'node:crypto';
import {
  type BackupManifest,
  chunkIdsOf,
  chunkPath,
  manifestPath,
  type Repository,
  readManifest,
} from '../../care/backup/index.ts';
import { logOfBase } from '../../care/backup/physical/index.ts';
import { readBlob } from '../../lib/blob.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import type { Hooks } from './backups.ts';

/**
 * Copies a backup to a second store as it is, sealed; the manifest last. Every object is summed on its way.
 * @throws YumOpsError `copy_damaged`, and those of both stores
 */
export async function copyBackup(
  from: Repository,
  to: Repository,
  manifest: BackupManifest,
  { progress, signal }: Hooks,
): Promise<null> {
  // An increment is worth nothing without what it builds on, which may be older than the second destination.
  if (manifest.parent !== null && !(await to.store.head(manifestPath(to, manifest.parent)))) {
    await copyBackup(from, to, await readManifest(from, manifest.parent), { progress, signal });
  }
  const total = manifest.objects.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { path, sha256 } of manifest.objects) {
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
    await putOnce(to, path, summed());
  }
  const there = new Set<string>();
  for await (const { path } of to.store.list(`${to.folder}/chunks/`)) there.add(path);
  for (const id of await chunkIdsOf(from, [manifest.id], signal)) {
    const path = chunkPath(from, id);
    if (!there.has(path)) await putOnce(to, path, from.store.get(path));
  }
  const log = manifest.tier === 'physical' ? await logOfBase(from, manifest.id, Date.parse(manifest.finished)) : [];
  for (const path of log) await putOnce(to, path, from.store.get(path));
  const path = manifestPath(from, manifest.id);
  await putOnce(to, path, await readBlob(from.store, path));
  return null;
}

/** What an earlier attempt copied stays. */
async function putOnce(to: Repository, path: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await to.store.put(path, body, { ifAbsent: true });
  } catch (error) {
    if (codeOf(error) !== 'blob_exists') throw error;
  }
}
