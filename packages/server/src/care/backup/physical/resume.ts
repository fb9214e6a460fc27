import { alignDown, type Lsn } from './lsn.ts';
import type { ReplicationSource, SystemIdentity } from './source.ts';
import { readHistory } from './timeline.ts';
import type { WalArchive, WalPiece } from './wal-archive.ts';
import { windowSize } from './wal-writer.ts';

/** Where a receiver takes up its work. */
export interface ResumePoint {
  timeline: number;
  start: Lsn;
  /** What is in the store already; not before `start`. */
  stored: Lsn;
  /** Log that is neither in the store nor at the server. */
  gap?: { from: Lsn; to: Lsn };
}

interface ResumeInput {
  archive: WalArchive;
  source: Pick<ReplicationSource, 'timelineHistory'>;
  identity: SystemIdentity;
  /** The oldest position that the slot holds. */
  slot: Lsn;
  segmentSize: number;
}

/**
 * Finds where the archive ends and the server can go on. The window in which it ends comes in once more, because it is
 * stored as one piece when it is complete; a slot holds whole segments, so the server still has it.
 */
export async function resumePoint(input: ResumeInput): Promise<ResumePoint> {
  const { archive, source, identity, slot, segmentSize } = input;
  const { pieces } = await archive.list();
  const fresh = { timeline: identity.timeline, ...at(alignDown(slot, segmentSize)) };
  const last = lastOf(pieces.filter(({ timeline }) => timeline <= identity.timeline));
  if (!last) return fresh;
  const held = alignDown(slot, segmentSize);
  if (last.timeline < identity.timeline) {
    const content = await source.timelineHistory(identity.timeline);
    await archive.writeHistory(identity.timeline, content);
    const ancestors = readHistory(content.toString('utf8'));
    const index = ancestors.findIndex(({ timeline }) => timeline === last.timeline);
    const left = ancestors[index];
    if (!left) return { ...fresh, gap: { from: last.end, to: fresh.start } };
    if (last.end >= left.end) {
      const child = ancestors[index + 1]?.timeline ?? identity.timeline;
      const start = alignDown(left.end, segmentSize);
      if (start >= held) return { timeline: child, ...at(start) };
      return { ...fresh, gap: { from: left.end, to: fresh.start } };
    }
  }
  if (last.end < held) return { ...fresh, gap: { from: last.end, to: fresh.start } };
  return { timeline: last.timeline, start: alignDown(last.end, windowSize(segmentSize)), stored: last.end };
}

const at = (start: Lsn) => ({ start, stored: start });

function lastOf(pieces: readonly WalPiece[]): WalPiece | undefined {
  let last: WalPiece | undefined;
  for (const piece of pieces) {
    const later = !last || piece.timeline > last.timeline || (piece.timeline === last.timeline && piece.end > last.end);
    if (later) last = piece;
  }
  return last;
}
