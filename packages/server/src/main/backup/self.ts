import {
  type BackupConfig,
  type BackupManifest,
  newBackupId,
  Repository,
  readCatalogue,
  readManifest,
  SELF,
} from '../../care/backup/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Log } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { DAY_MS } from '../../lib/zoned-time.ts';
import { VERSION } from '../../version.ts';
import { Backups, type Hooks } from './backups.ts';
import { openBlobs } from './blob.ts';
import { recordConfiguration } from './configuration-record.ts';
import { keysOf } from './keys.ts';
import { type ArchiveSubject, LogArchive, secondDestination } from './log-archive.ts';
import { backUpBase, type PhysicalSource } from './physical.ts';
import { selfConfig } from './self-config.ts';
import { CONFIGURATION, INSTALLATION, type InstallationRecord } from './self-record.ts';
import { backUpTelemetry, lackOfTelemetry } from './self-telemetry.ts';

/** Milliseconds that a change of our own state waits before it is stored. */
const STORE_AFTER = 15_000;
/** A base backup is made by its job every night; where no job runs, once the newest is so old. */
const BASE_EVERY = 1.25 * DAY_MS;
const PITR_WINDOW = 7 * DAY_MS;

interface Context {
  settings: Settings;
  clock: Clock;
  log: Log;
}

interface SelfContext extends Context {
  stateUrl: string;
  keyring: Keyring;
  /** The embedded telemetry store; null = it is on a server of its own. */
  telemetry: TelemetryStore | null;
}

/**
 * Keeps YumOps itself recoverable: its state as a base backup a day and its log all the time, its configuration and
 * its secret key sealed with them, under the key of the first backup. Without a key there is nothing to seal with.
 */
export class SelfBackup {
  readonly name = SELF;
  readonly #context: SelfContext;
  #telemetryProblem: string | null = null;
  /** Whether it was asked of the store what the newest backup lacks: another process may have made it. */
  #isRecalled = false;
  #archive: LogArchive | undefined;
  #makeBase: ((hooks: Hooks) => Promise<BackupManifest>) | undefined;
  #config: Config | undefined;
  #written = '';
  #turn: Promise<void> = Promise.resolve();

  constructor(context: SelfContext) {
    this.#context = context;
  }

  /** @param receives whether its log is received here; a base backup can be made either way */
  follow(config: Config, receives: boolean): Promise<void> {
    this.#turn = this.#turn.then(() => this.#follow(config, receives));
    return this.#turn;
  }

  get status() {
    return this.#archive?.status ?? null;
  }

  get copyProblem() {
    return this.#archive?.copyProblem ?? null;
  }

  /** Why the newest backup lacks the telemetry that it was to hold; null = it does not, or nobody has looked yet. */
  get telemetryProblem(): string | null {
    return this.#telemetryProblem;
  }

  /** Makes a base backup of the state now. @throws YumOpsError `self_backup_off` without a key */
  async makeBase(hooks: Hooks): Promise<BackupManifest> {
    await this.#turn;
    if (this.#makeBase) return this.#makeBase(hooks);
    throw new YumOpsError('self_backup_off', 'YumOps has no key to seal its own backup with.', {
      hint: 'Give a backup a key: yumops backup key create FILE.',
      status: 409,
    });
  }

  async stop(): Promise<void> {
    await this.#turn;
    await this.#archive?.stop();
  }

  async #follow(config: Config, receives: boolean): Promise<void> {
    const sealing = config.backups.find(({ key }) => key.broken === null);
    const copy = sealing?.copyTo?.url.secret.reveal();
    const written = JSON.stringify([receives, sealing?.key.secret.reveal(), config.stores.blobs, copy]);
    if (written === this.#written) {
      this.#config = config;
      return;
    }
    this.#written = written;
    this.#config = config;
    await this.#archive?.stop();
    this.#archive = undefined;
    this.#makeBase = undefined;
    if (!sealing) return;
    const subject = this.#subject(sealing);
    if (!receives) return;
    this.#archive = new LogArchive(subject, this.#context);
    this.#archive.start();
  }

  #subject(sealing: BackupConfig): ArchiveSubject {
    const context = this.#context;
    const { settings, stateUrl } = context;
    let repository: Promise<Repository> | undefined;
    const open = async (): Promise<PhysicalSource> => {
      const config = this.#config as Config;
      repository ??= openBlobs(settings, config).then((store) => new Repository(store, SELF, keysOf(sealing)));
      await this.#recall(await repository);
      return {
        config: { lockMs: null, pitrWindowMs: PITR_WINDOW, fullEveryMs: 7 * DAY_MS },
        repository: await repository,
        database: { name: 'the state of YumOps', url: new Secret(stateUrl) },
        storeAfter: STORE_AFTER,
        extras: () => this.#extras(sealing),
      };
    };
    this.#makeBase = async (hooks) => {
      const physical = await open();
      const { repository: to } = physical;
      const isAsked = (this.#config as Config).selfBackup.telemetry;
      const files = (path: string) => backUpTelemetry(to, context.telemetry, path, hooks);
      const input = isAsked ? { ...physical, files } : physical;
      const manifest = await backUpBase(input, newBackupId(to, context.clock.now()), context, hooks);
      this.#telemetryProblem = lackOfTelemetry(manifest);
      return manifest;
    };
    const makeBase = this.#makeBase;
    return {
      name: SELF,
      open,
      baseEvery: BASE_EVERY,
      runBase: async (signal) => {
        const hooks = { progress: () => undefined, signal };
        const manifest = await makeBase(hooks);
        await this.#copy(manifest, hooks);
      },
      second: secondDestination(SELF, selfConfig([sealing]) ?? sealing, () => this.#config as Config, PITR_WINDOW),
      async close() {
        (await repository?.catch(() => undefined))?.store.close();
      },
    };
  }

  async #recall(repository: Repository): Promise<void> {
    if (this.#isRecalled) return;
    const entries = await readCatalogue(repository, this.#context.clock.now());
    const newest = entries.findLast(({ status }) => status === 'good');
    if (newest && this.#config?.selfBackup.telemetry) {
      this.#telemetryProblem = lackOfTelemetry(await readManifest(repository, newest.id));
    }
    this.#isRecalled = true;
  }

  /** That a copy is missing is told by the watch over the second destination. */
  async #copy(manifest: BackupManifest, hooks: Hooks): Promise<void> {
    const backups = new Backups({ ...this.#context, config: this.#config as Config });
    try {
      await backups.copies.copy(backups.config(SELF), manifest, hooks);
    } finally {
      await backups.close();
    }
  }

  async #extras(sealing: BackupConfig) {
    const { settings, keyring } = this.#context;
    const config = this.#config as Config;
    const configuration = await recordConfiguration(config, settings.env, keysOf(sealing).current);
    const installation: InstallationRecord = {
      version: VERSION,
      secretKey: keyring.current,
      previousSecretKeys: keyring.previous,
      blobs: settings.blobUrl ?? config.stores.blobs,
      keyFiles: keyFilesOf(configuration.files, config),
    };
    return [
      { part: CONFIGURATION, bytes: Buffer.from(JSON.stringify(configuration)) },
      { part: INSTALLATION, bytes: Buffer.from(JSON.stringify(installation)) },
    ];
  }
}

/** The paths under which the configuration's text names key files, and the keys in them. */
function keyFilesOf(files: readonly { text: string }[], config: Config): InstallationRecord['keyFiles'] {
  const texts = files.map(({ text }) => text).join('\n');
  const paths = [...texts.matchAll(/\bkey:\s*["']?file:([^"'\s,}]+)/g)].map((match) => match[1] as string);
  const known = config.backups.filter(({ key }) => key.broken === null).map(({ key }) => key.secret.reveal());
  return { paths: [...new Set(paths)], keys: [...new Set(known)] };
}
