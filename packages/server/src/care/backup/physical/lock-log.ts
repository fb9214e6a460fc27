import { codeOf } from '../../../lib/errors.ts';
import { type Base, chainFrom } from './recovery-plan.ts';
import { walMissing } from './slot.ts';
import type { WalArchive } from './wal-archive.ts';

/** How often the archive is looked at while a receiver replaces parts of a window by the whole of it. */
const MOST_LOOKS = 10;

/** A base backup, as far as it says which log it needs to be restored by itself. */
export type OwnLog = Pick<Base, 'timeline' | 'start' | 'stop' | 'segmentSize'>;

/**
 * Locks the log that base backups need to be restored by themselves, for as long as these are locked. Where it ends in a window that
 * is not whole yet, that is the parts of it: they stay when the whole of it is there.
 * @param until milliseconds since the epoch
 * @throws YumOpsError `wal_not_stored` where it does not come to rest, and those of the store
 */
export async function lockLog(archive: WalArchive, bases: readonly OwnLog[], until: number): Promise<void> {
  const locked = new Set<string>();
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const open = (await ownLog(archive, bases)).filter((path) => !locked.has(path));
    if (open.length === 0) return;
    for (const path of open) if (await wasLocked(archive, path, until)) locked.add(path);
  }
  throw walMissing('The log of a base backup could not be locked: its pieces are replaced all the time.');
}

/** Paths of the fewest pieces that hold it. */
async function ownLog(archive: WalArchive, bases: readonly OwnLog[]): Promise<string[]> {
  const { pieces } = await archive.list();
  const { systemId } = archive;
  const own = bases.flatMap((base) => {
    const chain = chainFrom({ ...base, id: '', systemId, stoppedAt: 0 }, { pieces, histories: new Map() });
    return chain.pieces.filter(({ start }) => start < base.stop).map(({ path }) => path);
  });
  return [...new Set(own)];
}

/** A part may go while it is looked at: the whole of its window is there then. */
async function wasLocked({ repository }: WalArchive, path: string, until: number): Promise<boolean> {
  try {
    await repository.store.extendLock(path, until);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'blob_missing') throw error;
    return false;
  }
}
