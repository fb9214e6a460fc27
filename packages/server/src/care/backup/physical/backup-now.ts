import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { type BackupManifest, manifestPath, newBackupId } from '../manifest.ts';
import type { Repository } from '../repository.ts';
import { recordRun } from '../run.ts';
import { type KnownBase, readPhysicalState } from './archive-state.ts';
import { type BaseBackupInput, takeBaseBackup } from './base-backup.ts';
import { lockLog } from './lock-log.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { chooseParent, linksOf } from './parents.ts';
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
  /** Of a base backup, and of log. */
  lockUntil?: ((now: number) => number) | undefined;
  lockLogUntil?: ((now: number) => number) | undefined;
  slotLimit: number;
  /** Milliseconds that log waits before it is stored; default 3 s. */
  storeAfter?: number | undefined;
  extras?: BaseBackupInput['extras'];
  files?: BaseBackupInput['files'];
  maxRate?: number | undefined;
  /** Milliseconds after which a base backup is full again; 0 or undefined = each is. */
  fullEveryMs?: number | undefined;
  progress?: BaseBackupInput['progress'];
  /** Bytes of a volume; see `BaseBackupInput`. */
  volumeBytes?: BaseBackupInput['volumeBytes'];
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
  return recordRun(repository, clock, { id, tier: 'physical', signal: input.signal }, async (started) => {
    const slot = slotName(repository);
    // Before the backup: the server must keep the log from its first moment on.
    const wasKept = await ensureSlot(source, slot);
    const receiver = new OwnReceiver(input, slot);
    const lockedUntil = lockUntil?.(clock.now()) ?? null;
    let isDone = false;
    try {
      const manifest = await takeBaseBackup({
        ...input,
        chain: await chainFor(input),
        id,
        started,
        now: () => clock.now(),
        lockedUntil,
        progress: (...told) => {
          input.signal?.throwIfAborted();
          input.progress?.(...told);
        },
        walStored: async (systemId, timeline, from, to) => {
          receiver.wanted = to;
          const archive = new WalArchive(repository, systemId);
          await untilStored(archive, { timeline, from, to }, input, receiver);
          const { segmentSize } = await source.facts();
          const own = { timeline, start: from, stop: to, segmentSize };
          if (lockedUntil !== null) await lockLog(archive, [own], lockedUntil);
        },
      });
      isDone = true;
      return manifest;
    } finally {
      await receiver.stop();
      // A slot that nobody reads only makes the server keep log: of a backup that there is none of, or without end.
      const isOurs = !wasKept && receiver.isAlone;
      if (isOurs && (!isDone || (await isUnlimited(source))))
        await giveUpSlot(source, slot, clock).catch(() => undefined);
    }
  });
}

/** What the next base backup builds on, with its objects and its log locked for as long. See `BaseBackupInput.chain`. */
async function chainFor({
  repository,
  source,
  clock,
  fullEveryMs = 0,
  lockUntil,
}: PhysicalBackupInput): Promise<KnownBase[] | null> {
  if (fullEveryMs === 0) return null;
  const { versionNumber, summarizesWal } = await source.facts();
  if (versionNumber < 170_000 || !summarizesWal) return null;
  const { systemId, timeline } = await source.identify();
  const { bases } = await readPhysicalState(repository, clock.now());
  const parent = chooseParent(bases, { systemId, timeline, now: clock.now(), fullEveryMs });
  if (parent === null) return [];
  const links = linksOf(parent, bases);
  if (lockUntil === undefined) return links;
  const until = lockUntil(clock.now());
  for (const { manifest } of links) {
    for (const { path } of manifest.objects) await repository.store.extendLock(path, until);
    await repository.store.extendLock(manifestPath(repository, manifest.id), until);
  }
  await lockLog(new WalArchive(repository, systemId), links, until);
  return links;
}

/** Whether the server would keep log for a slot until its disk is full. */
async function isUnlimited(source: ReplicationSource): Promise<boolean> {
  return source.facts().then(
    ({ maxSlotWalKeepSize }) => maxSlotWalKeepSize < 0,
    () => false,
  );
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
    const receiving = { ...input, lockUntil: input.lockLogUntil, slot, signal, until: () => this.wanted };
    this.#running = receiveWal(receiving).catch((error: unknown) => {
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
