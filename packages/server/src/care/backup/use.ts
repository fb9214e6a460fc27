import type { BlobInfo } from '../../lib/blob.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { currentOwner, hasEnded, type ProcessOwner } from '../../lib/process-owner.ts';
import { randomHex } from '../../lib/random.ts';
import { keepSaying } from './keep-saying.ts';
import type { Repository } from './repository.ts';

/** What reads backups that must stay meanwhile. */
export type Reading = 'verification' | 'drill' | 'restore' | 'copy' | 'synthesis';

/** `arrival`: a copy is put there, which shows as a run. */
type Use = Reading | 'prune' | 'arrival';

/** Who uses a repository now; deleted, or marked as ended where nothing may be deleted, when that is over. */
interface UseRecord {
  use: Use;
  /** What is read; null = whatever is newest, or all. */
  id: string | null;
  since: string;
  /** When the process last said that it is alive, ISO. */
  seen: string;
  ended: boolean;
  /** Missing in records of earlier versions. */
  owner?: ProcessOwner;
}

/**
 * How often a use says that it goes on, and after which silence it is taken for dead, in milliseconds. A reader that is
 * wrongly taken for dead fails; a prune would delete, and so stops by itself long before.
 */
const TIMES = {
  reading: { every: 60_000, dead: 5 * 60_000 },
  prune: { every: 15_000, dead: 2 * 60_000 },
};
/** Milliseconds without a word to the store after which a prune deletes nothing more. */
const PRUNE_SILENT = 45_000;
const LOOK_EVERY = 500;

const timesOf = (use: Use) => (use === 'prune' ? TIMES.prune : TIMES.reading);

/** A use that has been written into the store. */
class Mark {
  readonly path: string;
  /** By the store's clock: that of this machine may be another than those of the others. */
  readonly written: number;
  readonly #repository: Repository;
  readonly #record: UseRecord;
  readonly #stop: () => Promise<void>;
  readonly #clock: Clock;
  #said: number;

  private constructor(repository: Repository, clock: Clock, record: UseRecord, { path, modified }: BlobInfo) {
    this.path = path;
    this.written = modified;
    this.#repository = repository;
    this.#clock = clock;
    this.#record = record;
    this.#said = clock.monotonic();
    this.#stop = keepSaying(clock, timesOf(record.use).every, async () => {
      const begun = clock.monotonic();
      await repository.writeRecord(path, { ...record, seen: new Date(clock.now()).toISOString() });
      this.#said = begun;
    });
  }

  static async make(repository: Repository, clock: Clock, use: Use, id: string | null): Promise<Mark> {
    const since = new Date(clock.now()).toISOString();
    const record: UseRecord = { use, id, since, seen: since, ended: false, owner: currentOwner() };
    const path = `${repository.folder}/uses/${use}-${randomHex(6)}.json`;
    return new Mark(repository, clock, record, await repository.writeRecord(path, record));
  }

  /** Milliseconds since the others last could see that it goes on. */
  get silence(): number {
    return this.#clock.monotonic() - this.#said;
  }

  async end(): Promise<void> {
    await this.#stop();
    const { store } = this.#repository;
    await store.delete(this.path).catch(async () => {
      // Credentials that may write but not delete; the next prune sweeps it.
      await this.#repository.writeRecord(this.path, { ...this.#record, ended: true }).catch(() => undefined);
    });
  }
}

/** A use as the store shows it. */
type StoredUse = UseRecord & { path: string };

/**
 * Who uses the repository.
 * @param kind only these; undefined = all
 * @param storeNow milliseconds since the epoch by the store's clock
 * @returns those that go on, and the paths of those that have ended or are taken for dead
 */
async function readUses(
  repository: Repository,
  kind: Use | undefined,
  storeNow: number,
): Promise<{ live: StoredUse[]; over: string[] }> {
  const live: StoredUse[] = [];
  const over: string[] = [];
  for await (const { path, modified } of repository.store.list(`${repository.folder}/uses/${kind ?? ''}`)) {
    const use = path.slice(path.lastIndexOf('/') + 1).split('-')[0] as Use;
    const at = new Date(modified).toISOString();
    const unread: UseRecord = { use, id: null, since: at, seen: at, ended: false };
    const record = storeNow - modified < timesOf(use).dead ? await readUse(repository, path, unread) : null;
    const isOver = !record || record.ended || (record.owner !== undefined && hasEnded(record.owner, 'shared'));
    if (!isOver) live.push({ ...record, path });
    else over.push(path);
  }
  return { live, over };
}

/** One that is gone has ended; one that we cannot read, such as of another key, has not. */
async function readUse(repository: Repository, path: string, unread: UseRecord): Promise<UseRecord | null> {
  try {
    return await repository.readRecord<UseRecord>(path);
  } catch (error) {
    if (codeOf(error) === 'blob_missing') return null;
    if (['backup_damaged', 'backup_key_wrong'].includes(codeOf(error) ?? '')) return unread;
    throw error;
  }
}

/**
 * Waits until nobody prunes. Whoever calls it has written into the store before what a prune looks for, so that of the two
 * at least one sees the other.
 * @param written when that was, by the store's clock
 */
export async function untilUnpruned(
  repository: Repository,
  clock: Clock,
  written: number,
  signal?: AbortSignal,
): Promise<void> {
  const began = clock.monotonic();
  while ((await readUses(repository, 'prune', written + clock.monotonic() - began)).live.length > 0) {
    await clock.sleep(LOOK_EVERY, signal);
  }
}

/**
 * Reads backups while no prune deletes any: waits for the end of one that is under way, and lets none begin. Where the store
 * takes no mark, such as from credentials that may only read, it reads all the same.
 */
export async function whileReading<Result>(
  repository: Repository,
  clock: Clock,
  { use, id, signal }: { use: Reading; id: string | null; signal?: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  const mark = await Mark.make(repository, clock, use, id).catch((error: unknown) => {
    if (codeOf(error) === 'blob_refused') return null;
    throw error;
  });
  if (mark === null) return work();
  try {
    await untilUnpruned(repository, clock, mark.written, signal);
    return await work();
  } finally {
    await mark.end();
  }
}

/**
 * Deletes while nobody reads, and keeps new runs and readers waiting meanwhile. A run that was there before shows in the
 * catalogue, which `work` reads.
 * @param work is given a check to make before each deletion: it throws `prune_interrupted` once others may take the prune for
 *   dead, as after a machine was asleep
 * @throws YumOpsError `backup_in_use`, and those of the store and `work`
 */
export async function whilePruning<Result>(
  repository: Repository,
  clock: Clock,
  work: (check: () => void) => Promise<Result>,
): Promise<Result> {
  const mark = await Mark.make(repository, clock, 'prune', null);
  try {
    const { live, over } = await readUses(repository, undefined, mark.written);
    const other = live.find(({ path, use }) => path !== mark.path && use !== 'arrival');
    if (other) throw inUse(repository, other);
    // Left by who was killed, or may not delete; that we may not either is told where it matters.
    for (const path of over) await repository.store.delete(path).catch(() => undefined);
    return await work(() => {
      if (mark.silence > PRUNE_SILENT) throw interrupted(repository);
    });
  } finally {
    await mark.end();
  }
}

/**
 * Puts a copy of one backup while no other process puts the same: two at one upload would break it for each other. Waits
 * for one that does. Whoever comes writes its mark and then looks: of two at least one sees the other, and of those that see
 * each other all but the one whose mark sorts first give way, also when that one comes while they wait.
 * @param work is given since when it had to wait, milliseconds since the epoch by the store's clock; null = it had not to
 */
export async function whileArriving<Result>(
  repository: Repository,
  clock: Clock,
  { id, signal }: { id: string; signal?: AbortSignal | undefined },
  work: (waitedSince: number | null) => Promise<Result>,
): Promise<Result> {
  let waitedSince: number | null = null;
  while (true) {
    const mark = await Mark.make(repository, clock, 'arrival', id);
    const made = clock.monotonic();
    const others = async () => {
      const { live } = await readUses(repository, 'arrival', mark.written + clock.monotonic() - made);
      return live.filter((use) => use.path !== mark.path && (use.id === id || use.id === null));
    };
    try {
      let there = await others();
      if (there.length > 0) waitedSince ??= mark.written;
      while (there.length > 0 && there.every(({ path }) => path > mark.path)) {
        await clock.sleep(LOOK_EVERY, signal);
        there = await others();
      }
      if (there.length === 0) return await work(waitedSince);
    } finally {
      await mark.end();
    }
    while ((await others()).length > 0) await clock.sleep(LOOK_EVERY, signal);
  }
}

function inUse({ name, store }: Repository, { use, id, since }: UseRecord): YumOpsError {
  const what = use === 'prune' ? 'Another prune' : `A ${use}${id === null ? '' : ` of ${id}`}`;
  const does = use === 'prune' ? 'works on' : 'reads';
  const message = `${what} ${does} the backups of "${name}" in ${store.address} since ${since}; nothing was deleted.`;
  return new YumOpsError('backup_in_use', message, {
    hint: 'Prune again when it has ended. What was killed counts as ended after five minutes.',
    status: 409,
  });
}

function interrupted({ name, store }: Repository): YumOpsError {
  const message = `The prune of "${name}" could not tell ${store.address} for ${PRUNE_SILENT / 1_000} s that it goes on, and stopped.`;
  return new YumOpsError('prune_interrupted', message, { hint: 'What it kept is whole. Prune again.', status: 409 });
}
