import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import { alignDown, historyName, type Lsn, segmentName } from './lsn.ts';
import type { PhysicalRestoreInput, RestorePlan } from './restore.ts';
import type { WalPiece } from './wal-archive.ts';

/** Where replay ends: at a record of the log, or with the log. */
export interface ReplayEnd {
  atEnd: boolean;
}

/** Puts the log up to the target into the data directory, in the server's own files. */
export async function fetchWal(
  plan: RestorePlan,
  dataDir: string,
  progress?: PhysicalRestoreInput['progress'],
): Promise<ReplayEnd> {
  const { chain, archive, histories, base, target } = plan;
  const folder = join(dataDir, 'pg_wal');
  await mkdir(join(folder, 'archive_status'), { recursive: true, mode: 0o700 });
  // All of them: the server takes for its own new timeline the first number that has no history yet.
  for (const [timeline, history] of histories) await writeFileAtomic(join(folder, historyName(timeline)), history);
  let fetched = 0;
  let beyond = 0;
  const total = chain.pieces.reduce((sum, { start, end }) => sum + Number(end - start), 0);
  // One for all pieces: each has up to 16 MB.
  const largest = chain.pieces.reduce((most, { start, end }) => Math.max(most, Number(end - start)), 0);
  const room = Buffer.allocUnsafeSlow(largest);
  for (const piece of chain.pieces) {
    const { header, wal } = await archive.readPiece(piece, room);
    await writeSegments(folder, piece, wal, base.segmentSize);
    fetched += wal.length;
    progress?.('bytes of the log fetched', fetched, total);
    if (piece.end < base.stop) continue;
    if (target.kind === 'time' && header.lastEndAt !== null && header.lastEndAt > target.at) return { atEnd: false };
    // One piece more than holds the target: a record may begin in one and end in the next.
    if (target.kind === 'lsn' && BigInt(header.recordEnd) > target.lsn && ++beyond === 2) return { atEnd: false };
  }
  return { atEnd: beyond === 0 };
}

async function writeSegments(folder: string, piece: WalPiece, wal: Buffer, segmentSize: number): Promise<void> {
  let at: Lsn = piece.start;
  while (at < piece.end) {
    const segment = alignDown(at, segmentSize);
    const next = segment + BigInt(segmentSize);
    const end = next < piece.end ? next : piece.end;
    const path = join(folder, segmentName(piece.timeline, at, segmentSize));
    const file = await open(path, 'a', 0o600).then(async (created) => {
      await created.close();
      return open(path, 'r+');
    });
    try {
      await file.truncate(segmentSize);
      const bytes = wal.subarray(Number(at - piece.start), Number(end - piece.start));
      await file.write(bytes, 0, bytes.length, Number(at - segment));
    } finally {
      await file.close();
    }
    at = end;
  }
}
