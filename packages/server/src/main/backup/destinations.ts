import { type BackupConfig, FIRST, Repository } from '../../care/backup/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { BlobStore } from '../../lib/blob.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/nearest.ts';
import type { ConfiguredSecret } from '../../lib/secret.ts';
import { openBlobStore } from '../../store/blob/index.ts';
import { openBlobs } from './blob.ts';
import { keysOf, usable } from './keys.ts';

/** One of the two stores of a backup, and the rules by which it keeps. */
export type Place = 'first' | 'second';

type Sealed = Pick<BackupConfig, 'name' | 'key'>;

/** The stores of backups. Each is opened when it is needed first, and stays open until `close`. */
export class Destinations {
  readonly #settings: Settings;
  readonly #config: Pick<Config, 'root' | 'stores'>;
  /** By what they were opened with. */
  readonly #stores = new Map<string, Promise<BlobStore>>();

  constructor(settings: Settings, config: Pick<Config, 'root' | 'stores'>) {
    this.#settings = settings;
    this.#config = config;
  }

  /** Where backups are made. @throws YumOpsError `backup_key_missing`, and those of key and store */
  async first(config: Sealed): Promise<Repository> {
    const keys = keysOf(config);
    return new Repository(await this.#open('', () => openBlobs(this.#settings, this.#config)), config.name, keys);
  }

  /** Where they are copied to; null when there is no second destination. @throws YumOpsError `copy_not_apart`, and those of key and store */
  async second(config: Sealed & Pick<BackupConfig, 'copyTo'>): Promise<Repository | null> {
    const { copyTo } = config;
    if (copyTo === null) return null;
    const repository = await this.#at(config, copyTo.url, `copy_to of "${config.name}"`);
    const { address } = repository.store;
    // Whether the first can be opened does not matter for the second.
    const first = await this.first(config).catch(() => null);
    if (first?.store.address !== address) return repository;
    throw new YumOpsError('copy_not_apart', `copy_to of "${config.name}" is the store of the backups itself.`, {
      hint: 'Name another bucket or folder, best at another service or on another disk.',
      status: 400,
    });
  }

  /** The store of the backups, or the second destination by its name. @throws YumOpsError `wrong_use` */
  async named(config: BackupConfig, name: string): Promise<Repository> {
    if (name === FIRST) return this.first(config);
    const { copyTo } = config;
    const second = copyTo?.name === name ? await this.second(config) : null;
    if (second) return second;
    const names = [FIRST, ...(copyTo === null ? [] : [copyTo.name])];
    throw new YumOpsError('wrong_use', `"${config.name}" has no destination "${name}".`, {
      hint: didYouMean(name, names) ?? `There ${names.length === 1 ? 'is' : 'are'}: ${names.join(', ')}.`,
      status: 400,
    });
  }

  /**
   * Works with the credentials that may delete, where they are others than those that may write.
   * @throws YumOpsError `prune_elsewhere`, and those of key, stores and `work`
   */
  async forPrune<Result>(
    config: BackupConfig,
    place: Place,
    work: (repository: Repository) => Promise<Result>,
  ): Promise<Result> {
    const [owner, option] = place === 'first' ? [config, 'prune_url'] : [config.copyTo, 'copy_to: {prune_url}'];
    const repository = (place === 'first' ? await this.first(config) : await this.second(config)) as Repository;
    if (owner?.pruneUrl) {
      const what = `${option} of "${config.name}"`;
      const pruning = await this.#at(config, owner.pruneUrl, what);
      refuseElsewhere(what, pruning.store, repository.store);
      return work(pruning);
    }
    return work(repository).catch((error: unknown) => {
      // Credentials that may write but not delete are what is wanted; then others have to prune.
      if (codeOf(error) !== 'blob_refused') throw error;
      const used = place === 'first' ? 'stores.blobs' : 'copy_to';
      throw new YumOpsError('blob_refused', messageOf(error), {
        hint: `Where the credentials of ${used} may not delete, give the backup a ${option} with those that may.`,
        status: 409,
        cause: error,
      });
    });
  }

  async close(): Promise<void> {
    for (const opening of this.#stores.values()) (await opening.catch(() => undefined))?.close();
  }

  async #at(config: Sealed, url: ConfiguredSecret, what: string): Promise<Repository> {
    const text = usable(url, what).reveal();
    const store = await this.#open(text, () => openBlobStore(text, this.#config.root));
    return new Repository(store, config.name, keysOf(config));
  }

  /** A store that could not be opened is tried again the next time. */
  #open(id: string, open: () => Promise<BlobStore>): Promise<BlobStore> {
    const known = this.#stores.get(id);
    if (known) return known;
    const opening = open();
    opening.catch(() => this.#stores.delete(id));
    this.#stores.set(id, opening);
    return opening;
  }
}

/** By the rules of one destination another would lose what it is to keep. */
function refuseElsewhere(what: string, pruning: BlobStore, store: BlobStore): void {
  if (pruning.address === store.address) return;
  throw new YumOpsError('prune_elsewhere', `${what} is ${pruning.address}, and the backups are in ${store.address}.`, {
    hint: 'Name the same store, written the same way, with credentials that may delete. Nothing was deleted.',
    status: 400,
  });
}
