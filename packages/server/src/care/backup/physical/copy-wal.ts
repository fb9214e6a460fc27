import { type BlobInfo, type PutOptions, readBlob } from '../../../lib/blob.ts';
import { codeOf } from '../../../lib/errors.ts';
import type { Repository } from '../repository.ts';
import { isPiece } from './wal-archive.ts';

/** Bytes of the smallest segment of a write-ahead log. */
const LEAST_WINDOW = 1_048_576n;

/**
 * Brings the archived log of a second repository up to the first, as it is stored: what it lacks is copied, and the parts
 * of a piece that has become whole go there too, where the credentials may. Nothing else is deleted: retention is each
 * repository's own.
 * @param options.lockUntil until when whole pieces are locked there; undefined = not at all
 * @param options.onlyMissing whether the position there is left as it is: it may be newer
 * @throws YumOpsError those of both stores
 */
export async function copyRest(
  from: Repository,
  to: Repository,
  signal: AbortSignal,
  { lockUntil, onlyMissing = false }: { lockUntil?: number | undefined; onlyMissing?: boolean } = {},
): Promise<void> {
  const here = await listed(from);
  const there = await listed(to);
  for (const path of here.keys()) {
    signal.throwIfAborted();
    // What stands there is never replaced but the position: a piece that was cut here meanwhile would be cut there too.
    if (there.has(path) && (onlyMissing || !path.endsWith('/position'))) continue;
    await copyOne(from, to, path, lockOfLog(path, lockUntil));
  }
  for (const path of there.keys()) {
    if (!here.has(path) && isPiece(path) && isCovered(path, here.keys())) await leaveOrDelete(to, path);
  }
}

async function listed({ store, folder }: Repository): Promise<Map<string, BlobInfo>> {
  const found = new Map<string, BlobInfo>();
  for await (const info of store.list(`${folder}/wal/`)) found.set(info.path, info);
  return found;
}

/** A part may be gone when its turn comes: the whole of it follows in the next round. */
async function copyOne(from: Repository, to: Repository, path: string, options: PutOptions): Promise<void> {
  try {
    await to.store.put(path, await readBlob(from.store, path), options);
  } catch (error) {
    if (codeOf(error) !== 'blob_missing') throw error;
  }
}

/**
 * Small parts go when their window is whole; the smallest window that a server can have is locked. What a base backup needs was copied
 * with it.
 */
function lockOfLog(path: string, lockUntil: number | undefined): PutOptions {
  const [, start, end] = /([0-9A-F]{16})-([0-9A-F]{16})$/.exec(path) ?? [];
  if (lockUntil === undefined || start === undefined || end === undefined) return {};
  return BigInt(`0x${end}`) - BigInt(`0x${start}`) >= LEAST_WINDOW ? { lockUntil } : {};
}

/** A credential that may only write leaves parts to the pruning; so does a lock. */
async function leaveOrDelete({ store }: Repository, path: string): Promise<void> {
  try {
    await store.delete(path);
  } catch (error) {
    if (codeOf(error) !== 'blob_refused' && codeOf(error) !== 'blob_locked') throw error;
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
