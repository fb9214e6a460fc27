import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { type BackupManifest, newBackupId } from '../manifest.ts';
import type { Repository } from '../repository.ts';
import { recordRun } from '../run.ts';
import { type BaseBackupInput, takeBaseBackup } from './base-backup.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { receiveWal } from './receiver.ts';
import { chainFrom } from './recovery-plan.ts';
import { ensureSlot, giveUpSlot, slotName, walMissing } from './slot.ts';
import type { ReplicationSource } from './source.ts';
import { WalArchive } from './wal-archive.ts';

/** Milliseconds that the log of a finished base backup may take to be stored, with nothing new coming in. */
const WAL_LIMIT = 5 * 60_000;
const LOOK_EVERY = 250;

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
  /** Milliseconds that log waits before it is stored; default 3 s. */
  storeAfter?: number | undefined;
  extras?: BaseBackupInput['extras'];
  maxRate?: number | undefined;
  progress?: (bytes: number) => void;
  /** Ends the backup; nothing of it counts. */
  signal?: AbortSignal;
}

/**
 * Makes a base backup that can be restored by itself, with or without a platform that receives the log at this moment:
 * where nobody does, the log comes in here until the backup is complete.
 */
export async function backUpPhysically(
  input: PhysicalBackupInput,
  id = newBackupId(input.repository, input.clock.now()),
): Promise<BackupManifest> {
  const { repository, source, clock, lockUntil } = input;
  return recordRun(repository, clock, { id, tier: 'physical' }, async (started) => {
    const slot = slotName(repository);
    // Before the backup: the server must keep the log from its first moment on.
    const wasKept = await ensureSlot(source, slot);
    const receiver = new OwnReceiver(input, slot);
    let isDone = false;
    try {
      const manifest = await takeBaseBackup({
        ...input,
        id,
        started,
        now: () => clock.now(),
        lockedUntil: lockUntil?.(clock.now()) ?? null,
        progress: (bytes) => {
          input.signal?.throwIfAborted();
          input.progress?.(bytes);
        },
        walStored: async (systemId, timeline, from, to) => {
          receiver.wanted = to;
          await untilStored(new WalArchive(repository, systemId), { timeline, from, to }, input, receiver);
        },
      });
      isDone = true;
      return manifest;
    } finally {
      await receiver.stop();
      // A slot of a backup that there is none of would only make the server keep log.
      if (!isDone && !wasKept && receiver.isAlone) await giveUpSlot(source, slot, clock).catch(() => undefined);
    }
  });
}

/** Receives the log while a backup runs, where no platform does. */
class OwnReceiver {
  /** Everything before it must be stored; then it ends. */
  wanted: Lsn | undefined;
  /** Whether nobody else received. */
  isAlone = true;
  /** For the message when the log does not come. */
  state = 'it was received here';
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;

  constructor(input: PhysicalBackupInput, slot: string) {
    const { signal } = this.#ended;
    this.#running = receiveWal({ ...input, slot, signal, until: () => this.wanted }).catch((error: unknown) => {
      this.state = messageOf(error);
      this.isAlone = codeOf(error) !== 'slot_busy';
      if (this.isAlone) input.log.warn('The log of a base backup is not received here', { reason: this.state });
    });
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }
}

async function untilStored(
  archive: WalArchive,
  { timeline, from, to }: { timeline: number; from: Lsn; to: Lsn },
  { clock, signal }: PhysicalBackupInput,
  receiver: { state: string },
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
        `The log up to ${formatLsn(to)} did not reach the store, only up to ${formatLsn(end)}: ${receiver.state}.`,
      );
    }
    await clock.sleep(LOOK_EVERY, signal);
  }
}
