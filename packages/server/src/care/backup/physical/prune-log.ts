import { codeOf } from '../../../lib/errors.ts';
import type { Repository } from '../repository.ts';
import { readPhysicalState } from './archive-state.ts';
import { alignDown, type Lsn } from './lsn.ts';
import { linksOf } from './parents.ts';
import type { Base } from './recovery-plan.ts';
import type { WalPiece } from './wal-archive.ts';

/** What a receiver is writing, or a base backup under way will need, is younger than this. */
const YOUNG_MS = 48 * 3_600_000;

/**
 * The pieces of archived log that nothing needs: all log is kept from the newest base backup before the window on, so
 * that every moment of the window can be restored; older base backups keep the log between their start and their stop. One of which a
 * verification found that it is not good carries the window only where no other does, since a restore passes over it.
 * @param bases of one server that are kept; `doubted`: it, or what it builds on, was found not to be good
 * @param now milliseconds since the epoch
 */
export function unneededLog(
  bases: readonly (Base & { doubted?: boolean })[],
  pieces: readonly WalPiece[],
  { now, windowMs }: { now: number; windowMs: number },
): WalPiece[] {
  const inOrder = [...bases].sort((a, b) => a.stoppedAt - b.stoppedAt);
  const before = inOrder.filter(({ stoppedAt }) => stoppedAt <= now - windowMs);
  const anchor = before.findLast(({ doubted = false }) => !doubted) ?? before.at(-1) ?? inOrder[0];
  // Without a base backup the log restores nothing; the next one may be under way.
  const from: Lsn | null = anchor ? alignDown(anchor.start, anchor.segmentSize) : null;
  const isNeeded = (piece: WalPiece) =>
    (from !== null && piece.end > from) ||
    inOrder.some(({ start, stop, segmentSize }) => piece.end > alignDown(start, segmentSize) && piece.start < stop);
  return pieces.filter((piece) => !isNeeded(piece) && now - piece.modified > YOUNG_MS);
}

/** Deletes archived log that nothing needs. What a lock holds is left. @returns bytes that were freed */
export async function pruneLog(
  repository: Repository,
  {
    now,
    windowMs,
    signal,
    check = () => undefined,
  }: { now: number; windowMs: number; signal: AbortSignal; check?: () => void },
): Promise<number> {
  const { bases, contents } = await readPhysicalState(repository, now);
  let freed = 0;
  for (const [systemId, { pieces }] of contents) {
    const own = bases
      .filter((base) => base.systemId === systemId)
      .map((base) => ({ ...base, doubted: linksOf(base, bases).some(({ doubted }) => doubted) }));
    for (const piece of unneededLog(own, pieces, { now, windowMs })) {
      signal.throwIfAborted();
      check();
      try {
        await repository.store.delete(piece.path);
        freed += piece.bytes;
      } catch (error) {
        if (codeOf(error) !== 'blob_locked') throw error;
      }
    }
  }
  return freed;
}

/** The stored objects of the log that a base backup needs to be restored by itself. */
export async function logOfBase(repository: Repository, id: string, now: number): Promise<string[]> {
  const { chains, contents } = await readPhysicalState(repository, now);
  const chain = chains.find(({ base }) => base.id === id);
  if (!chain) return [];
  const { base } = chain;
  const own = contents.get(base.systemId)?.pieces ?? [];
  const wanted = chain.pieces.filter(({ start }) => start < base.stop);
  return own.filter(({ path }) => wanted.some((piece) => piece.path === path)).map(({ path }) => path);
}
