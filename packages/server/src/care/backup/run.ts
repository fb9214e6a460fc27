import type { Clock } from '../../lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import { currentOwner, type ProcessOwner } from '../../lib/process-owner.ts';
import { keepSaying } from './keep-saying.ts';
import type { BackupManifest, BackupTier } from './manifest.ts';
import type { Repository } from './repository.ts';
import { untilUnpruned } from './use.ts';

/** A run that has begun; it is deleted when the run has ended. */
export interface RunningRecord {
  id: string;
  name: string;
  tier: BackupTier;
  started: string;
  /** When the process last said that it is alive, ISO. */
  seen: string;
  /** Missing in records of earlier versions. */
  owner?: ProcessOwner | undefined;
  /** Schemas of a one-off. */
  only?: readonly string[] | undefined;
  /** The increment that is put together with what it builds on. */
  synthesisOf?: string | undefined;
}

/** A run that failed. */
export interface FailedRecord {
  id: string;
  name: string;
  tier: BackupTier;
  started: string;
  finished: string;
  error: { code: string; message: string };
  only?: readonly string[] | undefined;
  synthesisOf?: string | undefined;
}

/** How often a run says that it is alive, and after which silence it is taken for dead. */
const SAY_EVERY = 60_000;
export const DEAD_AFTER = 5 * 60_000;

export const runningPath = ({ folder }: Repository, id: string) => `${folder}/running/${id}.json`;
export const failedPath = ({ folder }: Repository, id: string) => `${folder}/failed/${id}.json`;

/**
 * Runs a backup so that the store shows it at every moment: as running, then as a backup or as failed. A run whose
 * process was killed shows as failed five minutes later, on its own machine at once. Both tiers make their backups within it. It begins when no prune is
 * under way; one that comes later sees that it runs.
 * @param work makes the backup and ends with `writeManifest`
 * @throws what `work` throws, after it was recorded
 */
export async function recordRun(
  repository: Repository,
  clock: Clock,
  run: Pick<RunningRecord, 'id' | 'tier' | 'only' | 'synthesisOf'> & { signal?: AbortSignal | undefined },
  work: (started: string) => Promise<BackupManifest>,
): Promise<BackupManifest> {
  const { id, tier, only, synthesisOf, signal } = run;
  const started = new Date(clock.now()).toISOString();
  const owner = currentOwner();
  const record: RunningRecord = { id, name: repository.name, tier, started, seen: started, owner, only, synthesisOf };
  const path = runningPath(repository, id);
  const { modified } = await repository.writeRecord(path, record);
  const stopSaying = keepSaying(clock, SAY_EVERY, () =>
    repository.writeRecord(path, { ...record, seen: new Date(clock.now()).toISOString() }),
  );
  try {
    await untilUnpruned(repository, clock, modified, signal);
    const manifest = await work(started);
    await stopSaying();
    await forget(repository, id);
    return manifest;
  } catch (error) {
    await stopSaying();
    const { seen: _, owner: __, ...begun } = record;
    const failed: FailedRecord = { ...begun, finished: new Date(clock.now()).toISOString(), error: problemOf(error) };
    // Where the store itself is what failed, the running record stays and shows the same after its time.
    const written = await repository.writeRecord(failedPath(repository, id), failed).then(
      () => true,
      () => false,
    );
    if (written) await forget(repository, id);
    throw error;
  }
}

async function forget(repository: Repository, id: string): Promise<void> {
  // A manifest or a failure counts before this record does; what stays is swept with the next prune.
  await repository.store.delete(runningPath(repository, id)).catch(() => undefined);
}

function problemOf(error: unknown): { code: string; message: string } {
  const code = error instanceof YumOpsError ? error.code : (codeOf(error) ?? 'internal_error');
  return { code, message: messageOf(error) };
}
