import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupConfig, BackupManifest, Repository, TierChecks } from '../../care/backup/index.ts';
import {
  type BaseExtra,
  type BaseFiles,
  backUpPhysically,
  checkBaseFiles,
  checkLog,
  checkParents,
  formatLsn,
  type PhysicalBackupInput,
  parseLsn,
  type RecoveredCluster,
  readBase,
  restoreToFolder,
  type Trial,
  tryPhysical,
  WalKeeper,
} from '../../care/backup/physical/index.ts';
import { embeddedRecovery, makeScratch } from '../../engines/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { connectReplication } from '../../store/replication/index.ts';
import { PostgresDatabase } from '../../store/source/index.ts';
import { VERSION } from '../../version.ts';
import type { Hooks } from './backups.ts';

/** Bytes of log that a server may keep for a backup before its slot is dropped. */
const SLOT_LIMIT = 10e9;

interface Context {
  clock: Clock;
  log: Log;
}

/** What the physical tier needs of a backup's configuration. */
export interface PhysicalSource {
  config: Pick<BackupConfig, 'lockMs' | 'pitrWindowMs' | 'fullEveryMs'>;
  repository: Repository;
  /** Name and address under `databases:`. */
  database: { name: string; url: Secret };
  /** Milliseconds that log waits before it is stored; default 3 s. */
  storeAfter?: number | undefined;
  /** What is kept with every base backup besides. */
  extras?: (() => Promise<BaseExtra[]>) | undefined;
  /** Further files that are kept with it. */
  files?: ((path: string) => Promise<BaseFiles>) | undefined;
}

function inputOf(
  { config, repository, database, storeAfter, extras, files }: PhysicalSource,
  { clock, log }: Context,
): PhysicalBackupInput & { close(): Promise<void> } {
  const source = connectReplication(database.name, database.url.reveal(), clock);
  const { lockMs, pitrWindowMs, fullEveryMs } = config;
  const isLocked = repository.store.locks && lockMs !== null;
  return {
    repository,
    source,
    database: database.name,
    clock,
    log: log.child('backup'),
    madeBy: VERSION,
    slotLimit: SLOT_LIMIT,
    storeAfter,
    extras,
    files,
    fullEveryMs,
    ...(isLocked && {
      lockUntil: (now: number) => now + lockMs,
      // Log before the window is of no use without the rest of it; what a base backup needs is locked with that.
      lockLogUntil: (now: number) => now + Math.min(lockMs, pitrWindowMs),
    }),
    close: () => source.close(),
  };
}

/** Makes a base backup. */
export async function backUpBase(
  physical: PhysicalSource,
  id: string,
  context: Context,
  { progress, signal }: Hooks,
): Promise<BackupManifest> {
  const input = inputOf(physical, context);
  try {
    const report = (bytes: number, total: number | null) => progress(bytes, total, 'bytes backed up');
    return await backUpPhysically({ ...input, progress: report, signal }, id);
  } finally {
    await input.close();
  }
}

/** Keeps the log of a database coming in; it has not begun yet. */
export function makeKeeper(
  physical: PhysicalSource,
  context: Context,
  needBase: ConstructorParameters<typeof WalKeeper>[0]['needBase'],
): { keeper: WalKeeper; stop(): Promise<void> } {
  const input = inputOf(physical, context);
  const keeper = new WalKeeper({ ...input, lockUntil: input.lockLogUntil, needBase });
  return {
    keeper,
    async stop() {
      await keeper.stop();
      await input.close();
    },
  };
}

interface TrialContext extends Context {
  repository: Repository;
  smokeQueries: readonly string[];
  /** Name of the database in which the queries run. */
  catalog: string | null;
}

function trialDeps({ repository, smokeQueries, catalog, clock, log }: TrialContext, { progress, signal }: Hooks) {
  return {
    ...{ repository, smokeQueries, catalog, clock, progress, signal },
    server: embeddedRecovery({ clock, log }),
    connect: (url: string) => new PostgresDatabase('the restored copy', new Secret(url)),
    near: join(tmpdir(), 'yumops-trial'),
  };
}

/** How base backups are verified. */
export function physicalChecks(context: TrialContext, hooks: Hooks): TierChecks {
  const { repository, clock } = context;
  return {
    async stored(manifest, level) {
      const { progress, signal } = hooks;
      const parents = await checkParents({ repository, manifest, signal, progress });
      if (parents.length > 0) return parents;
      const findings = await checkLog({ repository, manifest, signal, progress, now: clock.now() });
      if (level === 0 || findings.length > 0) return findings;
      const makeFolder = () => makeScratch('yumops-check-');
      const base = await readBase(repository, manifest.id);
      return checkBaseFiles(repository, base, makeFolder, (...told) => {
        signal.throwIfAborted();
        progress(...told);
      });
    },
    trial(manifest, level) {
      const at = manifest.wal === null ? undefined : formatLsn(parseLsn(manifest.wal.stop));
      return tryPhysical(trialDeps(context, hooks), { baseId: manifest.id, at }, level);
    },
  };
}

/** Restores the latest moment into a server of its own and looks at everything. */
export function drillPhysically(context: TrialContext, hooks: Hooks): Promise<Trial> {
  return tryPhysical(trialDeps(context, hooks), {}, 4);
}

/** Restores a moment into a folder. */
export async function restoreMoment(
  repository: Repository,
  { at, folder }: { at: string; folder: string },
  { clock, log }: Context,
  { progress, signal }: Hooks,
): Promise<RecoveredCluster> {
  const server = embeddedRecovery({ clock, log });
  const report = (what: string, done: number, total: number) => progress(done, total, what);
  return restoreToFolder({ repository, server, clock, at, progress: report, signal }, folder);
}

/** The database of a backup. @throws YumOpsError `tier_unavailable` where it has none */
export function databaseOf(
  config: BackupConfig,
  databases: readonly { name: string; url: Secret; broken: string | null }[],
): { name: string; url: Secret } {
  const configured = databases.find(({ name }) => name === config.database);
  const found =
    configured && config.url
      ? { name: configured.name, url: config.url.secret, broken: config.url.broken }
      : configured;
  if (found && found.broken === null) return found;
  throw new YumOpsError(
    'tier_unavailable',
    found
      ? `The address of the database "${found.name}" is not known: ${found.broken}.`
      : `The backup "${config.name}" has no database.`,
    { hint: 'See `yumops check`.', status: 409 },
  );
}
