import { hkdfSync } from 'node:crypto';
import type { SealedPart, SealedThing } from '../access/sealed/parts.ts';
import { BackupKey, BackupKeys, Repository } from '../care/backup/index.ts';
import type { Config } from '../config/index.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import { codeOf, messageOf } from '../lib/errors.ts';
import { type Keyring, keysOf } from '../lib/keyring.ts';
import type { Log } from '../lib/log.ts';
import { Loop } from '../lib/loop.ts';
import type { SharedFiles } from '../lib/shared-files.ts';
import { openBlobs } from './backup/blob.ts';
import type { Shutdown } from './shutdown.ts';

/** Folder of the blob store. */
const FOLDER = 'yumops-files';
/** Milliseconds between two rounds, and after a failed one. */
const EVERY = 5_000;
const RETRY = 60_000;

/** Files in the blob store, sealed under a key that comes from the installation's secret key. */
export class SealedFiles implements SharedFiles {
  readonly #open: () => Promise<Repository>;
  #repository: Promise<Repository> | undefined;

  constructor(open: () => Promise<Repository>) {
    this.#open = open;
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    const repository = await this.#get();
    await repository.writeObject(`${FOLDER}/${path}`, once(bytes));
  }

  async get(path: string): Promise<Buffer | undefined> {
    const repository = await this.#get();
    const pieces: Buffer[] = [];
    try {
      for await (const piece of repository.readObject(`${FOLDER}/${path}`)) pieces.push(piece);
      return Buffer.concat(pieces);
    } catch (error) {
      if (codeOf(error) === 'blob_missing') return undefined;
      throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<string> {
    const { store } = await this.#get();
    for await (const { path } of store.list(`${FOLDER}/${prefix}`)) yield path.slice(FOLDER.length + 1);
  }

  async delete(path: string): Promise<void> {
    await (await this.#get()).store.delete(`${FOLDER}/${path}`);
  }

  /** The files one by one, by the key that they are sealed with. */
  readonly sealed: SealedPart = { name: 'shared files', things: () => this.#things() };

  async *#things(): AsyncGenerator<SealedThing> {
    const repository = await this.#get();
    for await (const { path } of repository.store.list(`${FOLDER}/`)) {
      const within = path.slice(FOLDER.length + 1);
      yield {
        standing: await repository.standingOf(path),
        reseal: async () => {
          const bytes = await this.get(within);
          if (bytes !== undefined) await this.put(within, bytes);
          return bytes !== undefined;
        },
      };
    }
  }

  async close(): Promise<void> {
    (await this.#repository?.catch(() => undefined))?.store.close();
  }

  #get(): Promise<Repository> {
    this.#repository ??= this.#open().catch((error: unknown) => {
      this.#repository = undefined;
      throw error;
    });
    return this.#repository;
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** The files that instances share; nothing is asked of the store yet. */
export function openSharedFiles(context: {
  settings: Settings;
  config: Config;
  keyring: Keyring;
  shutdown: Shutdown;
}): SealedFiles {
  const { settings, config, keyring, shutdown } = context;
  const derive = (key: string) => new BackupKey(Buffer.from(hkdfSync('sha256', key, '', 'yumops shared files', 32)));
  const keys = new BackupKeys(keysOf(keyring).map(derive));
  const files = new SealedFiles(async () => new Repository(await openBlobs(settings, config), FOLDER, keys));
  shutdown.add('shared files', () => files.close());
  return files;
}

/** Something that brings files of this instance to all, or theirs to this one. */
export interface FileMover {
  /** @returns files that were moved */
  move(signal: AbortSignal): Promise<number>;
}

/** Runs the movers of the files that instances share. A store that is away is told once; the files wait here. */
export function moveFiles(movers: readonly FileMover[], { clock, log }: { clock: Clock; log: Log }) {
  const ended = new AbortController();
  let told: string | undefined;
  const work = async () => {
    for (const mover of movers) await mover.move(ended.signal);
    told = undefined;
    return EVERY;
  };
  const loop = new Loop(clock, work, (error) => {
    if (ended.signal.aborted) return RETRY;
    const problem = messageOf(error);
    if (problem !== told) log.error('Files of this instance do not reach the blob store; they wait here', { problem });
    told = problem;
    return RETRY;
  });
  return {
    start: () => loop.start(),
    async stop() {
      ended.abort();
      await loop.stop();
    },
  };
}
