import {
  type BackupConfig,
  type BackupManifest,
  type CatalogueEntry,
  type CopyOutcome,
  type CopyState,
  copyStateOf,
  FIRST,
  readCatalogue,
  regularOf,
  unreadableCopy,
  type VerificationRecord,
  whileReading,
} from '../../care/backup/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Backups, Hooks } from './backups.ts';
import { type CopyReport, type CopyRoute, catchUp, copyBackup } from './copy.ts';
import type { Destinations } from './destinations.ts';

/** The copies of backups at their other destination: made, caught up, and held against what they are copies of. */
export class Copies {
  readonly #backups: Pick<Backups, 'at'>;
  readonly #destinations: Destinations;
  readonly #clock: Clock;
  readonly #from: string;

  /** @param from name of the destination that is copied */
  constructor(backups: Pick<Backups, 'at'>, destinations: Destinations, clock: Clock, from: string) {
    this.#backups = backups;
    this.#destinations = destinations;
    this.#clock = clock;
    this.#from = from;
  }

  /** Copies a backup to the second destination, where there is one. @returns why it is not there, else null */
  async copy(config: BackupConfig, manifest: BackupManifest, hooks: Hooks): Promise<unknown> {
    try {
      const route = await this.#routeToCopy(config);
      if (route !== null) await this.#reading(route, manifest.id, hooks, () => copyBackup(route, manifest, hooks));
      return null;
    } catch (error) {
      return error;
    }
  }

  /**
   * Brings the other destination up to this one: what is missing there, and what was found not to be good. From the second
   * it is the first that is filled, when that was lost.
   * @throws YumOpsError `copy_none`, and those of both stores
   */
  async catchUp(config: BackupConfig, hooks: Hooks): Promise<CopyReport> {
    const route = await this.#routeToCopy(config);
    if (route === null || config.copyTo === null) {
      throw new YumOpsError('copy_none', `"${config.name}" has no second destination.`, {
        hint: 'Name one with copy_to in yumops.yml.',
        status: 409,
      });
    }
    const now = this.#clock.now();
    const target = { address: route.to.store.address, entries: await readCatalogue(route.to, now) };
    const { retention } = route.isReturn ? config : config.copyTo;
    const recoverable = { earliest: null, latest: null };
    const rules = { ...config, copyTo: { ...config.copyTo, retention } };
    return this.#reading(route, null, hooks, async () => {
      const { missing } = copyStateOf(rules, await readCatalogue(route.from, now), { ...target, recoverable }, now);
      return catchUp(route, missing, hooks);
    });
  }

  /** Name of the destination that is copied to. */
  target({ copyTo }: Pick<BackupConfig, 'copyTo'>): string {
    return this.#from === FIRST && copyTo !== null ? copyTo.name : FIRST;
  }

  /** How the copies at the second destination are; null where there is none. @param first what the first holds */
  async state(config: BackupConfig, first: readonly CatalogueEntry[]): Promise<CopyState | null> {
    const { copyTo } = config;
    if (copyTo === null) return null;
    try {
      const there = this.#backups.at(copyTo.name);
      const { address } = (await there.repository(config)).store;
      const entries = await there.list(config);
      const recoverable = await there.recoverable(config, entries);
      return copyStateOf({ ...config, copyTo }, first, { address, entries, recoverable }, this.#clock.now());
    } catch (error) {
      if (!(error instanceof YumOpsError)) throw error;
      return unreadableCopy(copyTo, error.message);
    }
  }

  #reading<Result>(
    { from }: CopyRoute,
    id: string | null,
    { signal }: Hooks,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return whileReading(from, this.#clock, { use: 'copy', id, signal }, work);
  }

  /** The way from what is read to the other destination. */
  async #routeToCopy(config: BackupConfig): Promise<CopyRoute | null> {
    const second = await this.#destinations.second(config);
    if (second === null || config.copyTo === null) return null;
    const clock = this.#clock;
    const { pitrWindowMs } = config;
    const first = await this.#destinations.first(config);
    if (this.#from === FIRST) {
      return { from: first, to: second, clock, lockMs: config.copyTo.lockMs, pitrWindowMs, isReturn: false };
    }
    return { from: second, to: first, clock, lockMs: config.lockMs, pitrWindowMs, isReturn: true };
  }
}

/** Brings the other destination up to this one, and reads what was put there, and the newest copy of each tier. */
export async function copyAndCheck(backups: Backups, config: BackupConfig, hooks: Hooks): Promise<CopyOutcome> {
  const report = await backups.copies.catchUp(config, hooks);
  const there = backups.at(backups.copies.target(config));
  const good = (await there.list(config)).filter(({ status }) => status === 'good');
  const newest = config.tiers.flatMap((tier) => regularOf(good).findLast((entry) => entry.tier === tier)?.id ?? []);
  const verified: VerificationRecord[] = [];
  for (const id of new Set([...report.repaired, ...report.copied, ...newest]))
    verified.push(await there.verify(id, 1, hooks));
  return { ...report, verified };
}
