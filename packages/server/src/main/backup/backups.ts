import { randomInt } from 'node:crypto';
import {
  type BackupConfig,
  type BackupDatabase,
  type BackupManifest,
  type BackupTier,
  type CatalogueEntry,
  type DrillRecord,
  drillOf,
  FIRST,
  folderOf,
  type KitConfirmation,
  newBackupId,
  type ProgressReport,
  type PruneReport,
  planRetention,
  prune,
  type Reading,
  type Recoverable,
  type Repository,
  type RestoreReport,
  type RetentionPlan,
  readCatalogue,
  readDrills,
  readKitConfirmation,
  readManifest,
  recoverableOf,
  refuseWrongKey,
  regularOf,
  restoreDatabase,
  restoreFiles,
  restoreSchema,
  restoreTable,
  type ScratchServers,
  SELF,
  type VerificationLevel,
  type VerificationRecord,
  verifyBackup,
  whilePruning,
  whileReading,
  writeDrill,
} from '../../care/backup/index.ts';
import { pruneLog, recoverable } from '../../care/backup/physical/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { didYouMean } from '../../lib/nearest.ts';
import type { Secret } from '../../lib/secret.ts';
import { absoluteBlobUrl } from '../../store/blob/index.ts';
import { LocalPostgresClient, PostgresDatabase } from '../../store/source/index.ts';
import { Copies } from './copies.ts';
import { Destinations, type Place } from './destinations.ts';
import { keysOf, usable } from './keys.ts';
import { backUpRows, parallelismOf, type RunConfig, sourceOf } from './logical.ts';
import { backUpBase, databaseOf, drillPhysically, physicalChecks, restoreMoment } from './physical.ts';
import { kitOf } from './recovery-kit.ts';
import { EmbeddedScratchServers, GivenScratchServer } from './scratch.ts';
import { onlyRunning, selfConfig } from './self-config.ts';
import { drillSelf } from './self-drill.ts';
import { type TelemetryStanding, telemetryStanding } from './self-telemetry.ts';
import { type Synthesized, synthesize } from './synthesize.ts';

/** What a long work tells and hears. */
export interface Hooks {
  progress: ProgressReport;
  signal: AbortSignal;
}

/** What of a backup is restored, and how. */
interface RestoreChoice {
  table: string | undefined;
  schema?: string | undefined;
  /** Whether somebody said yes to writing into a database that is not empty. */
  yes: boolean;
  /** Programs at once; undefined = as the backup is configured. */
  jobs?: number | undefined;
}

/** What became of one tier of a backup. */
export interface TierOutcome {
  tier: BackupTier;
  id: string;
  manifest: BackupManifest | null;
  /** Why there is no backup. */
  error: unknown;
  /** Why the copy at the second destination was not made. */
  copyError: unknown;
  seconds: number;
}

export interface BackupsContext {
  settings: Settings;
  config: Config;
  clock: Clock;
  log: Log;
}

/** What a prune did at both destinations. */
export interface WholePruneReport extends PruneReport {
  /** Null where there is no second destination. */
  copy: PruneReport | null;
}

/**
 * The backups of the configuration, over their stores. Used by commands, jobs and the API alike; it keeps nothing in
 * memory, so that several processes may use it at one time.
 */
export class Backups {
  readonly #context: BackupsContext;
  readonly #client: LocalPostgresClient;
  readonly #destinations: Destinations;
  /** Those at the other destination. */
  readonly copies: Copies;
  /** Name of the destination that everything is read from. */
  readonly #from: string;

  /** @param reading what everything is read from; default the store in which backups are made */
  constructor(context: BackupsContext, reading?: { destinations: Destinations; from: string }) {
    this.#context = context;
    this.#client = new LocalPostgresClient(context.settings.env.PATH);
    this.#destinations = reading?.destinations ?? new Destinations(context.settings, context.config);
    this.#from = reading?.from ?? FIRST;
    this.copies = new Copies(this, this.#destinations, context.clock, this.#from);
  }

  /**
   * The same backups as another destination has them: list, verify, restore and drill work on it, and need the first
   * for nothing. It closes with these.
   * @param name of the destination, which `repository` refuses where a backup has none of it
   */
  at(name: string | undefined): Backups {
    if (name === undefined || name === this.#from) return this;
    return new Backups(this.#context, { destinations: this.#destinations, from: name });
  }

  get configs(): readonly BackupConfig[] {
    return this.#context.config.backups;
  }

  /** Those of the configuration, and that of YumOps itself where there is a key for it. */
  get all(): readonly BackupConfig[] {
    const self = selfConfig(this.configs);
    return self ? [...this.configs, self] : this.configs;
  }

  /** @throws YumOpsError `wrong_use` when the configuration has none of that name */
  config(name: string): BackupConfig {
    const names = this.configs.map((config) => config.name);
    const found = this.all.find((config) => config.name === name);
    if (found) return found;
    throw new YumOpsError('wrong_use', `There is no backup "${name}" in the configuration.`, {
      hint:
        names.length === 0
          ? 'Add to yumops.yml: backups: [{name: nightly, database: main, key: "file:./backup.key"}]'
          : (didYouMean(name, names) ?? `There are: ${names.join(', ')}.`),
      status: 400,
    });
  }

  /** The configuration that a backup's id belongs to. @throws YumOpsError `backup_unknown` */
  configOf(id: string): BackupConfig {
    const fitting = this.all.filter(({ name }) => id.startsWith(`${folderOf(name)}-`));
    const [longest] = fitting.sort((a, b) => b.name.length - a.name.length);
    if (longest) return longest;
    const isName = this.all.some(({ name }) => name === id);
    throw new YumOpsError(
      'backup_unknown',
      isName ? `"${id}" is the name of backups, not one of them.` : `There is no backup ${id}.`,
      {
        hint: isName ? `Give the id of one, as \`yumops backup list ${id}\` shows it.` : 'See `yumops backup list`.',
        status: 404,
      },
    );
  }

  /** The repository of a backup. @throws YumOpsError `backup_key_missing`, and those of key and store */
  repository(config: BackupConfig): Promise<Repository> {
    return this.#destinations.named(config, this.#from);
  }

  list(config: BackupConfig): Promise<CatalogueEntry[]> {
    return this.repository(config).then((repository) => readCatalogue(repository, this.#context.clock.now()));
  }

  async manifest(id: string): Promise<BackupManifest> {
    return readManifest(await this.repository(this.configOf(id)), id);
  }

  /**
   * Runs every tier of a backup, one after the other. A tier that fails does not keep the next from running; when it is
   * ended, what was made until then is told, and the others as not begun.
   * @param only of these schemas, once: the logical tier without files, which stands in for no backup of the configuration
   * @throws YumOpsError `wrong_use` where there are no schemas
   */
  async run(config: BackupConfig, hooks: Hooks, only?: readonly string[]): Promise<TierOutcome[]> {
    if (only !== undefined) return [await this.#runOnce(config, only, hooks)];
    const outcomes: TierOutcome[] = [];
    const repository = await this.repository(config);
    hooks.signal.throwIfAborted();
    for (const tier of config.tiers) {
      outcomes.push(
        hooks.signal.aborted
          ? { ...outcomeOf(tier, newBackupId(repository, this.#context.clock.now())), error: hooks.signal.reason }
          : await this.#runTier(config, repository, tier, hooks),
      );
    }
    return outcomes;
  }

  async #runOnce(config: BackupConfig, only: readonly string[], hooks: Hooks): Promise<TierOutcome> {
    refuseOneOff(config);
    const chosen: RunConfig = { ...config, schemas: [...new Set(only)], files: [], fileColumns: [], oneOff: true };
    return this.#runTier(chosen, await this.repository(config), 'logical', hooks);
  }

  /** Makes a base backup of a name. @throws what stands in its way */
  async runBase(config: BackupConfig, hooks: Hooks): Promise<BackupManifest> {
    const { manifest, error } = await this.#runTier(config, await this.repository(config), 'physical', hooks);
    if (manifest === null) throw error;
    return manifest;
  }

  /** Puts a full base backup together of the newest increment and what it builds on. */
  synthesize(config: BackupConfig, hooks: Hooks): Promise<Synthesized> {
    return synthesize(this, config, this.#context.clock, hooks);
  }

  async #runTier(config: RunConfig, repository: Repository, tier: BackupTier, hooks: Hooks): Promise<TierOutcome> {
    const { clock } = this.#context;
    const start = clock.monotonic();
    const id = newBackupId(repository, clock.now());
    const outcome = outcomeOf(tier, id);
    try {
      outcome.manifest = await this.#backUp(config, repository, tier, id, hooks);
    } catch (error) {
      outcome.error = error;
    }
    if (outcome.manifest !== null) outcome.copyError = await this.copies.copy(config, outcome.manifest, hooks);
    outcome.seconds = (clock.monotonic() - start) / 1_000;
    return outcome;
  }

  #backUp(
    config: RunConfig,
    repository: Repository,
    tier: BackupTier,
    id: string,
    hooks: Hooks,
  ): Promise<BackupManifest> {
    if (config.name === SELF) throw onlyRunning();
    if (tier === 'logical') {
      return backUpRows({ config, repository, client: this.#client }, id, this.#context, hooks);
    }
    const database = databaseOf(config, this.#context.config.databases);
    return backUpBase({ config, repository, database }, id, this.#context, hooks);
  }

  async verify(id: string, level: VerificationLevel, hooks: Hooks): Promise<VerificationRecord> {
    const config = this.configOf(id);
    const { clock, log } = this.#context;
    const scratch: ScratchServers =
      config.scratchUrl === null
        ? new EmbeddedScratchServers(clock, log)
        : new GivenScratchServer(usable(config.scratchUrl, 'scratch_url'));
    const repository = await this.repository(config);
    const { smokeQueries } = config;
    const parallelism = parallelismOf(config.jobs);
    const deps = { repository, client: this.#client, scratch, clock, smokeQueries, parallelism, ...hooks };
    const { tier } = await readManifest(repository, id).catch(() => ({ tier: 'logical' }));
    const catalog = sourceOf(config, this.#context.config.databases)?.database.catalog ?? null;
    const checks =
      tier === 'logical' ? undefined : physicalChecks({ repository, smokeQueries, catalog, clock, log }, hooks);
    return this.#reading(repository, 'verification', id, hooks, () => verifyBackup(deps, id, level, checks));
  }

  /** Restores a database, or one schema or table of it. @param to URL of the target */
  async restore(
    id: string,
    to: Secret,
    { table, schema, yes, jobs }: RestoreChoice,
    hooks: Hooks,
  ): Promise<RestoreReport & { rows?: number }> {
    const config = this.configOf(id);
    const repository = await this.repository(config);
    const manifest = await readManifest(repository, id);
    const parallelism = parallelismOf(jobs ?? config.jobs);
    const deps = { repository, client: this.#client, clock: this.#context.clock, parallelism, ...hooks };
    const target: BackupDatabase = new PostgresDatabase('--to', to, 'the address of the target');
    const most = 2 ** 31 - 1;
    const mark = [randomInt(most), randomInt(most)] as const;
    const plan = { manifest, target, source: this.#sourceOf(manifest), mark };
    return this.#reading(repository, 'restore', id, hooks, () => {
      if (schema !== undefined) return restoreSchema(deps, plan, schema, yes);
      return table === undefined ? restoreDatabase(deps, plan, yes) : restoreTable(deps, plan, table, yes);
    });
  }

  /** The database that a manifest names, where it is still configured and its address can be used. */
  #sourceOf({ source }: BackupManifest): BackupDatabase | null {
    const found = this.#context.config.databases.find(({ name }) => name === source?.database);
    return found && found.broken === null ? new PostgresDatabase(found.name, found.url) : null;
  }

  async restoreFiles(
    id: string,
    { path, folder, yes }: { path: string | undefined; folder: string; yes: boolean },
    hooks: Hooks,
  ): Promise<{ files: number; bytes: number }> {
    const repository = await this.repository(this.configOf(id));
    const manifest = await readManifest(repository, id);
    return this.#reading(repository, 'restore', id, hooks, () =>
      restoreFiles(repository, manifest, { path, folder, replace: yes, ...hooks }),
    );
  }

  /** Between which moments the backups of a name can be restored. */
  async recoverable(config: BackupConfig, entries: readonly CatalogueEntry[]): Promise<Recoverable> {
    if (!entries.some(({ tier, status }) => tier === 'physical' && status === 'good')) return recoverableOf(entries);
    return (await recoverable(await this.repository(config), this.#context.clock.now())) ?? recoverableOf(entries);
  }

  /** Restores a moment of a name into a folder. @param at ISO time, position or name of a restore point */
  async restoreMoment(config: BackupConfig, at: string, folder: string, hooks: Hooks) {
    const repository = await this.repository(config);
    return this.#reading(repository, 'restore', null, hooks, () =>
      restoreMoment(repository, { at, folder }, this.#context, hooks),
    );
  }

  /** What a prune would keep and delete. */
  async planPrune(config: BackupConfig): Promise<RetentionPlan> {
    const { retention } = this.#from === FIRST ? config : (config.copyTo ?? config);
    return planRetention(await this.list(config), { ...config, retention }, this.#context.clock.now());
  }

  /** Deletes what retention does not keep, at each destination by its own. */
  async prune(config: BackupConfig, signal: AbortSignal): Promise<WholePruneReport> {
    // What is in use at one does not keep the other from its own retention.
    const [first, second] = await Promise.allSettled([
      this.#pruneAt(config, 'first', signal),
      config.copyTo === null ? null : this.#pruneAt(config, 'second', signal),
    ]);
    if (first.status === 'rejected') throw first.reason;
    if (second.status === 'rejected') throw second.reason;
    return { ...first.value, copy: second.value };
  }

  #pruneAt(config: BackupConfig, place: Place, signal: AbortSignal): Promise<PruneReport> {
    const { timeZone, tiers, pitrWindowMs } = config;
    const { retention } = place === 'first' ? config : (config.copyTo ?? config);
    const { clock } = this.#context;
    return this.#destinations.forPrune(config, place, (repository) =>
      whilePruning(repository, clock, async (check) => {
        const now = clock.now();
        const report = await prune(repository, { retention, timeZone, pitrWindowMs, now, signal, check });
        if (tiers.includes('physical'))
          report.freed += await pruneLog(repository, { now, windowMs: pitrWindowMs, signal, check });
        return report;
      }),
    );
  }

  /**
   * Recovers the newest backup as after a loss: fetches, restores into an empty server, compares. The record is kept.
   * @throws YumOpsError `backup_none` when there is no backup, `backup_key_wrong` when none opens
   */
  async drill(config: BackupConfig, hooks: Hooks): Promise<DrillRecord> {
    if (config.name === SELF) return this.drillSelf(undefined, hooks);
    const at = new Date(this.#context.clock.now()).toISOString();
    const entries = await this.list(config);
    const good = regularOf(entries).filter(({ status }) => status === 'good');
    // The tier that loses least is what would be used.
    if (good.some(({ tier }) => tier === 'physical')) return this.#drillPhysically(config, at, hooks);
    const newest = good.at(-1);
    if (!newest) {
      refuseWrongKey(entries);
      throw new YumOpsError('backup_none', `There is no backup of "${config.name}" to recover from.`, {
        hint: `Make one: yumops backup now ${config.name}.`,
        status: 409,
      });
    }
    const { findings, phases } = await this.verify(newest.id, 4, hooks);
    const { sum = 0, open = 0, ...rest } = phases;
    const { name } = config;
    const drill = drillOf({ name, backup: newest.id, at, findings }, { fetch: sum + open, ...rest }, newest.started);
    await writeDrill(await this.repository(config), drill);
    return drill;
  }

  /**
   * Brings YumOps back on trial from the recovery kit alone. The record is kept.
   * @param text of the kit; undefined = one that is made from the key file, as a new kit would be printed
   */
  async drillSelf(text: string | undefined, hooks: Hooks): Promise<DrillRecord> {
    const { settings, config: whole } = this.#context;
    const config = this.config(SELF);
    const second = this.#from === FIRST ? null : config.copyTo;
    const from = second
      ? usable(second.url, `copy_to of "${config.name}"`).reveal()
      : (settings.blobUrl ?? whole.stores.blobs);
    const kit = text ?? (await kitOf(config, settings, whole));
    const repository = await this.repository(config);
    // A relative address counts from the configuration, which the drill does not have.
    const given = { kit, from: absoluteBlobUrl(from, whole.root) };
    const drill = await this.#reading(repository, 'drill', null, hooks, () => drillSelf(given, this.#context, hooks));
    await writeDrill(repository, drill);
    return drill;
  }

  async #drillPhysically(config: BackupConfig, at: string, hooks: Hooks): Promise<DrillRecord> {
    const { clock, log } = this.#context;
    const repository = await this.repository(config);
    const { smokeQueries, name } = config;
    const catalog = sourceOf(config, this.#context.config.databases)?.database.catalog ?? null;
    const trial = await this.#reading(repository, 'drill', null, hooks, () =>
      drillPhysically({ repository, smokeQueries, catalog, clock, log }, hooks),
    );
    const { findings, phases, moment, evidence } = trial;
    const restored = moment === null ? at : new Date(moment).toISOString();
    const drill = drillOf({ name, backup: String(evidence.base ?? ''), at, findings }, phases, restored);
    await writeDrill(repository, drill);
    return drill;
  }

  /** The newest drills, oldest first. */
  async drills(config: BackupConfig, count: number): Promise<DrillRecord[]> {
    return readDrills(await this.repository(config), count);
  }

  /** Who confirmed to keep the recovery kit with the present key; null = nobody. */
  async kitConfirmation(config: BackupConfig): Promise<KitConfirmation | null> {
    // The key of YumOps itself is that of a backup of the configuration.
    const { current } = keysOf(config);
    const sealing = this.configs.find(
      ({ key }) => key.broken === null && keysOf({ ...config, key }).current.id === current.id,
    );
    return readKitConfirmation(await this.repository(sealing ?? config));
  }

  /** Keeps a prune from taking away what is being read. */
  #reading<Result>(
    repository: Repository,
    use: Reading,
    id: string | null,
    { signal }: Hooks,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return whileReading(repository, this.#context.clock, { use, id, signal }, work);
  }

  /** What the backup of YumOps itself holds of the telemetry. */
  telemetry(): Promise<TelemetryStanding> {
    return telemetryStanding(this.#context.settings, this.#context.config);
  }

  close(): Promise<void> {
    return this.#destinations.close();
  }
}

/** Before anything was made. */
function outcomeOf(tier: BackupTier, id: string): TierOutcome {
  return { tier, id, manifest: null, error: null, copyError: null, seconds: 0 };
}

/** @throws YumOpsError `wrong_use` where a backup has no database whose schemas could be chosen */
export function refuseOneOff({ name, database }: Pick<BackupConfig, 'name' | 'database'>): void {
  if (database !== null) return;
  throw new YumOpsError('wrong_use', `"${name}" has no database, and so no schemas.`, { status: 400 });
}
