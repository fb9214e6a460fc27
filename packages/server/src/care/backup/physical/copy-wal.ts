import { type BlobInfo, readBlob } from '../../../lib/blob.ts';
import { codeOf } from '../../../lib/errors.ts';
import type { Repository } from '../repository.ts';
import { isPiece } from './wal-archive.ts';

/**
 * Brings the archived log of a second repository up to the first, as it is stored: what it lacks is copied, and the parts
 * of a piece that has become whole go there too. Nothing else is deleted: retention is each repository's own.
 * @throws YumOpsError those of both stores
 */
export async function copyRest(from: Repository, to: Repository, signal: AbortSignal): Promise<void> {
  const here = await listed(from);
  const there = await listed(to);
  for (const [path, { bytes }] of here) {
    signal.throwIfAborted();
    const isRewritten = path.endsWith('/position');
    if (!isRewritten && there.get(path)?.bytes === bytes) continue;
    await copyOne(from, to, path);
  }
  for (const path of there.keys()) {
    if (!here.has(path) && isPiece(path) && isCovered(path, here.keys())) await to.store.delete(path);
  }
}

async function listed({ store, folder }: Repository): Promise<Map<string, BlobInfo>> {
  const found = new Map<string, BlobInfo>();
  for await (const info of store.list(`${folder}/wal/`)) found.set(info.path, info);
  return found;
}

/** A part may be gone when its turn comes: the whole of it follows in the next round. */
async function copyOne(from: Repository, to: Repository, path: string): Promise<void> {
  try {
    await to.store.put(path, await readBlob(from.store, path));
  } catch (error) {
    if (codeOf(error) !== 'blob_missing') throw error;
  }
}

/** Whether a piece of the first repository holds all that a part has: names are folder, start and end. */
function isCovered(part: string, pieces: Iterable<string>): boolean {
  const cut = part.lastIndexOf('/') + 1;
  const [start = '', end = ''] = part.slice(cut).split('-');
  for (const path of pieces) {
    if (!path.startsWith(part.slice(0, cut))) continue;
    const [from = '', to = ''] = path.slice(cut).split('-');
    // Sixteen hex digits each: they compare as they count.
    if (to !== '' && from <= start && to >= end) return true;
  }
  return false;
}
