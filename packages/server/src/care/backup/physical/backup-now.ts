import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { type BackupManifest, newBackupId } from '../manifest.ts';
import type { Repository } from '../repository.ts';
import { recordRun } from '../run.ts';
import { takeBaseBackup } from './base-backup.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { receiveWal } from './receiver.ts';
import { chainFrom } from './recovery-plan.ts';
import { ensureSlot, slotName, walMissing } from './slot.ts';
import type { ReplicationSource } from './source.ts';
import { WalArchive } from './wal-archive.ts';

/** Milliseconds that the log of a finished base backup may take to be stored, with nothing new coming in. */
const WAL_LIMIT = 5 * 60_000;
const LOOK_EVERY = 500;

export interface PhysicalBackupInput {
  repository: Repository;
  source: ReplicationSource;
  /** Name under `databases:`. */
  database: string;
  clock: Clock;
  log: Log;
  madeBy: string;
  lockUntil?: ((now: number) => number) | undefined;
  slotLimit: number;
  maxRate?: number | undefined;
  progress?: (bytes: number) => void;
}

/**
 * Makes a base backup that can be restored by itself, with or without a platform that receives the log at this moment:
 * where nobody does, the log comes in here until the backup is complete.
 */
export async function backUpPhysically(input: PhysicalBackupInput): Promise<BackupManifest> {
  const { repository, source, clock, log, lockUntil } = input;
  const id = newBackupId(repository, clock.now());
  return recordRun(repository, clock, { id, tier: 'physical' }, async (started) => {
    const slot = slotName(repository);
    // Before the backup: the server must keep the log from its first moment on.
    await ensureSlot(source, slot);
    let wanted: Lsn | undefined;
    const ended = new AbortController();
    let receiving = 'the log is received here';
    const receiver = receiveWal({
      ...input,
      slot,
      signal: ended.signal,
      until: () => wanted,
    }).catch((error: unknown) => {
      receiving = messageOf(error);
      if (codeOf(error) !== 'slot_busy')
        log.warn('The log of a base backup is not received here', { reason: receiving });
    });
    try {
      return await takeBaseBackup({
        ...input,
        id,
        started,
        now: () => clock.now(),
        lockedUntil: lockUntil?.(clock.now()) ?? null,
        walStored: async (systemId, timeline, from, to) => {
          wanted = to;
          const archive = new WalArchive(repository, systemId);
          await untilStored(archive, { timeline, from, to }, clock, () => receiving);
        },
      });
    } finally {
      ended.abort();
      await receiver;
    }
  });
}

async function untilStored(
  archive: WalArchive,
  { timeline, from, to }: { timeline: number; from: Lsn; to: Lsn },
  clock: Clock,
  receiving: () => string,
): Promise<void> {
  let limit = clock.monotonic() + WAL_LIMIT;
  let reached = -1n;
  for (;;) {
    const { pieces } = await archive.list();
    const range = { id: '', systemId: archive.systemId, timeline, start: from, stop: to, segmentSize: 1, stoppedAt: 0 };
    const { end } = chainFrom(range, { pieces, histories: new Map() });
    if (end >= to) return;
    if (end > reached) limit = clock.monotonic() + WAL_LIMIT;
    reached = end;
    if (clock.monotonic() > limit) {
      throw walMissing(
        `The log up to ${formatLsn(to)} did not reach the store, only up to ${formatLsn(end)}: ${receiving()}.`,
      );
    }
    await clock.sleep(LOOK_EVERY);
  }
}
