import { type BackupConfig, newBackupId, prune, Repository } from '../../care/backup/index.ts';
import { pruneLog } from '../../care/backup/physical/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { DAY_MS } from '../../lib/zoned-time.ts';
import { VERSION } from '../../version.ts';
import { keysOf } from './backups.ts';
import { openBlobs } from './blob.ts';
import { recordConfiguration } from './configuration-record.ts';
import { type ArchiveSubject, LogArchive } from './log-archive.ts';
import { backUpBase, type PhysicalSource } from './physical.ts';

/** Name under which YumOps keeps its own state; no backup of the configuration should have it. */
export const SELF = 'yumops-self';

/** Parts that a backup of YumOps itself has beside those of a base backup. */
export const CONFIGURATION = 'configuration';
export const INSTALLATION = 'installation';

/** What an installation is besides its state and configuration. */
export interface InstallationRecord {
  version: string;
  /** The key that signs sessions and opens stored secrets. */
  secretKey: string;
  /** Where backups and other blobs are, as configured. */
  blobs: string;
  /** Paths of key files as the configuration names them, and the different contents of all of them. */
  keyFiles: { paths: string[]; keys: string[] };
}

/** Milliseconds that a change of our own state waits before it is stored. */
const STORE_AFTER = 15_000;
/** How many backups of YumOps itself are kept. */
const KEPT = { daily: 7, weekly: 4, monthly: 3 };

interface Context {
  settings: Settings;
  clock: Clock;
  log: Log;
}

/**
 * Keeps YumOps itself recoverable: its state as a base backup a day and its log all the time, its configuration and
 * its secret key sealed with them, under the key of the first backup. Without a key there is nothing to seal with.
 */
export class SelfBackup {
  readonly name = SELF;
  readonly #context: Context & { stateUrl: string; secretKey: string };
  #archive: LogArchive | undefined;
  #config: Config | undefined;
  #written = '';
  #turn: Promise<void> = Promise.resolve();

  constructor(context: Context & { stateUrl: string; secretKey: string }) {
    this.#context = context;
  }

  follow(config: Config): Promise<void> {
    this.#turn = this.#turn.then(() => this.#follow(config));
    return this.#turn;
  }

  get status() {
    return this.#archive?.status ?? null;
  }

  async stop(): Promise<void> {
    await this.#turn;
    await this.#archive?.stop();
  }

  async #follow(config: Config): Promise<void> {
    const sealing = config.backups.find(({ key }) => key.broken === null);
    const written = JSON.stringify([sealing?.key.secret.reveal(), config.stores.blobs]);
    if (written === this.#written) {
      this.#config = config;
      return;
    }
    this.#written = written;
    this.#config = config;
    await this.#archive?.stop();
    this.#archive = sealing && new LogArchive(this.#subject(sealing), this.#context);
    this.#archive?.start();
  }

  #subject(sealing: BackupConfig): ArchiveSubject {
    const context = this.#context;
    const { settings, stateUrl } = context;
    let repository: Promise<Repository> | undefined;
    const open = async (): Promise<PhysicalSource> => {
      const config = this.#config as Config;
      repository ??= openBlobs(settings, config).then((store) => new Repository(store, SELF, keysOf(sealing)));
      return {
        config: { lockMs: null, pitrWindowMs: 7 * DAY_MS },
        repository: await repository,
        database: { name: 'the state of YumOps', url: new Secret(stateUrl) },
        storeAfter: STORE_AFTER,
        extras: () => this.#extras(sealing),
      };
    };
    return {
      name: SELF,
      open,
      baseEvery: DAY_MS,
      async runBase(signal) {
        const physical = await open();
        const id = newBackupId(physical.repository, context.clock.now());
        await backUpBase(physical, id, context, { progress: () => undefined, signal });
        const now = context.clock.now();
        await prune(physical.repository, { retention: KEPT, timeZone: 'UTC', now, signal });
        await pruneLog(physical.repository, { now, windowMs: 7 * DAY_MS, signal });
      },
      async close() {
        (await repository?.catch(() => undefined))?.store.close();
      },
    };
  }

  async #extras(sealing: BackupConfig) {
    const { settings, secretKey } = this.#context;
    const config = this.#config as Config;
    const configuration = await recordConfiguration(config, settings.env, keysOf(sealing).current);
    const installation: InstallationRecord = {
      version: VERSION,
      secretKey,
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
