import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type BackupManifest,
  type ConfigurationRecord,
  Repository,
  readCatalogue,
  refuseWrongKey,
  SELF,
} from '../../care/backup/index.ts';
import { readPhysicalState, recoverCluster } from '../../care/backup/physical/index.ts';
import type { Settings } from '../../config/settings.ts';
import { embeddedRecovery } from '../../engines/index.ts';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import type { BlobStore } from '../../lib/blob.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { randomHex } from '../../lib/random.ts';
import { Secret } from '../../lib/secret.ts';
import { openBlobStore } from '../../store/blob/index.ts';
import { PostgresDatabase } from '../../store/source/index.ts';
import { checkReadable } from '../../store/state/index.ts';
import { loadUsableConfig } from '../config.ts';
import { keyFileText } from '../secret-key.ts';
import type { Hooks } from './backups.ts';
import { openBlobs } from './blob.ts';
import { type RecoveryKit, readKit } from './kit.ts';
import { CONFIGURATION, INSTALLATION, type InstallationRecord } from './self-record.ts';
import { type RestoredTelemetry, restoreTelemetry } from './self-telemetry.ts';

export interface RestoreSelfInput {
  settings: Settings;
  /** URL of the store with the backup of YumOps. */
  from: string;
  /** Text of the recovery kit. */
  kit: string;
  /** Folder for the configuration. */
  folder: string;
  /** A moment; undefined = the latest. */
  at: string | undefined;
  /** Whether blobs are copied where the configuration names another store. */
  withBlobs: boolean;
}

/** What came back. */
export interface RestoredSelf {
  backup: string;
  moment: string;
  madeBy: string;
  data: string;
  /** Configuration files that were written, and those that stood there and were left. */
  files: { written: string[]; kept: string[] };
  /** Rows of our own state by table. */
  rows: Record<string, number>;
  /** Null where the backup holds none. */
  telemetry: RestoredTelemetry | null;
  /** The secret key that it had. */
  secretKey: string | null;
  /** Milliseconds by phase. */
  phases: Readonly<Record<string, number>>;
  /** Objects that were copied into the configured blob store; null where it is the one that was restored from. */
  blobsCopied: number | null;
  /** Variables of the environment that the configuration needs. */
  variables: string[];
  warnings: string[];
}

interface Context {
  clock: Clock;
  log: Log;
}

/**
 * Brings YumOps back on an empty machine: state, configuration, secret key, and, where the configuration names another
 * blob store, every blob.
 * @throws YumOpsError `data_folder_taken`, `self_backup_missing`, `state_newer`, and those of key, store and restore
 */
export async function restoreSelf(input: RestoreSelfInput, context: Context, hooks: Hooks): Promise<RestoredSelf> {
  const { settings } = input;
  await refuseTaken(settings.dataDir);
  const kit = readKit(input.kit);
  const store = await openBlobStore(input.from, process.cwd());
  try {
    const restored = await bringBack(store, kit, input, context, hooks).catch(async (error: unknown) => {
      await emptyData(settings.dataDir);
      throw error;
    });
    const blobsCopied = input.withBlobs ? await copyBlobs(store, input, hooks) : null;
    return { ...restored, blobsCopied };
  } finally {
    store.close();
  }
}

/** The folder was empty before: what is in it now is half of an installation, which would refuse the next attempt. */
async function emptyData(dataDir: string): Promise<void> {
  for (const name of await namesIn(dataDir)) await rm(join(dataDir, name), { recursive: true, force: true });
}

/** State, telemetry, configuration and secrets. */
async function bringBack(
  store: BlobStore,
  kit: RecoveryKit,
  input: RestoreSelfInput,
  context: Context,
  hooks: Hooks,
): Promise<Omit<RestoredSelf, 'blobsCopied'>> {
  const { settings, folder } = input;
  const repository = new Repository(store, SELF, kit.keys);
  const { configuration, installation, madeBy } = await readRecords(repository, store, context.clock.now());
  const { base, ...state } = await restoreState(repository, input, context, hooks);
  const since = context.clock.monotonic();
  const telemetry = await restoreTelemetry(repository, base, settings.dataDir, hooks);
  const phases = telemetry ? { ...state.phases, telemetry: context.clock.monotonic() - since } : state.phases;
  const files = await writeConfiguration(configuration, folder);
  await writeSecrets(installation, kit, settings, folder);
  return {
    ...state,
    phases,
    telemetry,
    secretKey: installation.secretKey,
    madeBy,
    data: settings.dataDir,
    files,
    variables: configuration.variables.map(({ name }) => name),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
}

async function refuseTaken(dataDir: string): Promise<void> {
  if ((await namesIn(dataDir)).length === 0) return;
  throw new YumOpsError('data_folder_taken', `The data folder ${dataDir} is not empty; nothing was touched.`, {
    hint: 'Move it away, or name another with --data.',
    status: 409,
  });
}

/** The configuration of the newest backup, which is small and stands whole in it. */
async function readRecords(repository: Repository, store: BlobStore, now: number) {
  const { bases } = await readPhysicalState(repository, now);
  const newest = bases.sort((a, b) => a.stoppedAt - b.stoppedAt).at(-1);
  if (!newest) {
    refuseWrongKey(await readCatalogue(repository, now), 'Use the recovery kit with that key.');
    throw new YumOpsError('self_backup_missing', `There is no backup of YumOps itself in ${store.address}.`, {
      hint: 'Name with --from the store that stores.blobs named, or the second destination.',
      status: 404,
    });
  }
  const read = async <Type>(part: string): Promise<Type> => {
    const object = newest.manifest.objects.find((entry) => entry.part === part);
    if (!object) throw new YumOpsError('backup_damaged', `${newest.id} names no ${part}.`, { status: 409 });
    return JSON.parse(await repository.readText(object)) as Type;
  };
  return {
    configuration: await read<ConfigurationRecord>(CONFIGURATION),
    installation: await read<InstallationRecord>(INSTALLATION),
    madeBy: newest.manifest.madeBy,
  };
}

async function restoreState(
  repository: Repository,
  { settings, at }: RestoreSelfInput,
  { clock, log }: Context,
  { progress, signal }: Hooks,
): Promise<Pick<RestoredSelf, 'backup' | 'moment' | 'rows' | 'warnings' | 'phases'> & { base: BackupManifest }> {
  const home = join(settings.dataDir, 'postgres');
  const server = embeddedRecovery({ clock, log });
  const report = (what: string, done: number, total: number) => progress(done, total, what);
  const cluster = await recoverCluster({ repository, server, clock, at, progress: report, signal }, join(home, 'data'));
  try {
    const { superuser } = cluster.base.facts.server;
    const rows = await takeOver(cluster.server.url(superuser, 'postgres'), superuser, home);
    await cluster.server.stop();
    await cluster.place.moveTo(join(home, 'data'));
    const { base, moment, warnings, phases } = cluster;
    return { backup: base.id, moment, rows, warnings, phases, base: base.manifest };
  } catch (error) {
    await cluster.server.stop();
    await cluster.place.discard();
    throw error;
  }
}

/** Gives the restored server a password of this installation's own, and counts what it holds. */
async function takeOver(url: string, superuser: string, home: string): Promise<Record<string, number>> {
  const connection = await new PostgresDatabase('the restored state', new Secret(url)).connect();
  try {
    await checkReadable(connection);
    const password = randomHex(24);
    // Hex digits need no quoting; the statement is not logged, and goes over a socket of this machine.
    await connection.query(`ALTER ROLE "${superuser.replaceAll('"', '""')}" PASSWORD '${password}'`);
    await mkdir(home, { recursive: true, mode: 0o711 });
    await writeFileAtomic(join(home, 'password'), password);
    const tables = await connection.query<{ name: string; sql: string }>(
      `SELECT c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    const rows: Record<string, number> = {};
    for (const { name, sql } of tables) {
      const [found] = await connection.query<{ n: string }>(`SELECT count(*)::text AS n FROM ${sql}`);
      rows[name] = Number(found?.n ?? 0);
    }
    return rows;
  } finally {
    await connection.close();
  }
}

async function writeConfiguration(
  { files }: ConfigurationRecord,
  folder: string,
): Promise<{ written: string[]; kept: string[] }> {
  const written: string[] = [];
  const kept: string[] = [];
  for (const { path, text } of files) {
    const target = resolve(folder, path);
    (await writeNew(target, text, 0o644)) ? written.push(target) : kept.push(target);
  }
  return { written, kept };
}

/** @returns false where a file stands already, which is left as it is */
async function writeNew(path: string, text: string, mode: number): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, text, { flag: 'wx', mode });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

async function writeSecrets(
  { secretKey, previousSecretKeys = [], keyFiles }: InstallationRecord,
  kit: RecoveryKit,
  { dataDir, secretKey: given }: Settings,
  folder: string,
): Promise<void> {
  // An older kit has keys of before; the newest is that of the backup.
  const older = [...previousSecretKeys, kit.secretKey ?? secretKey, ...kit.previousSecretKeys];
  const previous = [...new Set(older)].filter((key) => key !== secretKey);
  if (given === undefined) await writeNew(`${dataDir}.key`, keyFileText({ current: secretKey, previous }), 0o600);
  // Which of several keys belongs to which file is not known; their owner puts them back.
  const [key, ...others] = keyFiles.keys;
  if (key === undefined || others.length > 0) return;
  for (const path of keyFiles.paths) await writeNew(resolve(folder, path), `${key.trimEnd()}\n`, 0o600);
}

/** Fills the configured blob store from the one that was restored from, where they are two. */
async function copyBlobs(
  from: BlobStore,
  { settings, folder }: RestoreSelfInput,
  hooks: Hooks,
): Promise<number | null> {
  const { config } = loadUsableConfig(settings.config ?? folder, settings.env);
  const to = await openBlobs(settings, config);
  try {
    if (to.address === from.address) return null;
    let copied = 0;
    for await (const { path } of from.list('')) {
      hooks.signal.throwIfAborted();
      if (await to.head(path)) continue;
      await to.put(path, from.get(path), { ifAbsent: true });
      hooks.progress(++copied, null, 'blobs copied');
    }
    return copied;
  } finally {
    to.close();
  }
}
