import { type BackupConfig, Repository } from '../../care/backup/index.ts';
import { type KeeperStatus, readPhysicalState, type WalKeeper } from '../../care/backup/physical/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { openBlobStore } from '../../store/blob/index.ts';
import { Backups } from './backups.ts';
import { LogCopier, type LogDestination } from './copy-log.ts';
import { keysOf, usable } from './keys.ts';
import { databaseOf, makeKeeper, type PhysicalSource } from './physical.ts';

/** Milliseconds between two looks whether some base backup reaches the present. */
const LOOK_EVERY = 10 * 60_000;
/** Milliseconds until the archive is looked at after a receiver has begun, and after a failure. */
const SOON = 2_000;
const RETRY = 5 * 60_000;

interface Context {
  settings: Settings;
  clock: Clock;
  log: Log;
}

/** The write-ahead log of every database that has a physical backup, for as long as the platform runs. */
export class LogArchives {
  readonly #context: Context;
  #archives: LogArchive[] = [];
  #written = '';
  #turn: Promise<void> = Promise.resolve();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Follows a configuration; what has not changed goes on. */
  follow(config: Config): Promise<void> {
    this.#turn = this.#turn.then(() => this.#follow(config));
    return this.#turn;
  }

  /** How each backup's log is doing, by name. */
  statuses(): Record<string, KeeperStatus> {
    return Object.fromEntries(this.#archives.map((archive) => [archive.name, archive.status]));
  }

  /** What keeps logs from their second destination, by name. */
  copyProblems(): Record<string, LogCopier['problem']> {
    return Object.fromEntries(this.#archives.map((archive) => [archive.name, archive.copyProblem]));
  }

  /** Ends what goes on; `follow` begins it again. */
  stop(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      this.#written = '';
      await this.#end();
    });
    return this.#turn;
  }

  async #follow(config: Config): Promise<void> {
    const physical = config.backups.filter(({ tiers }) => tiers.includes('physical'));
    const addresses = config.databases.map(({ name, url, broken }) => [name, broken ?? url.reveal()]);
    const keys = physical.map(({ key }) => key.broken ?? key.secret.reveal());
    const copies = physical.map(({ copyTo }) => copyTo && (copyTo.url.broken ?? copyTo.url.secret.reveal()));
    const written = JSON.stringify([physical, addresses, keys, copies, config.stores.blobs]);
    if (written === this.#written) return;
    await this.#end();
    this.#written = written;
    for (const backup of physical) {
      const archive = new LogArchive(this.#subjectOf(backup, config), this.#context);
      this.#archives.push(archive);
      archive.start();
    }
  }

  #subjectOf(backup: BackupConfig, config: Config): ArchiveSubject {
    const backups = new Backups({ ...this.#context, config });
    return {
      name: backup.name,
      async open() {
        const database = databaseOf(backup, config.databases);
        return { config: backup, repository: await backups.repository(backup), database };
      },
      runBase: (signal) => backups.runBase(backup, { progress: () => undefined, signal }),
      second: secondDestination(backup.name, backup, () => config, backup.pitrWindowMs),
      close: () => backups.close(),
    };
  }

  async #end(): Promise<void> {
    await Promise.all(this.#archives.splice(0).map((archive) => archive.stop()));
  }
}

/** The second destination of a backup's log, for what is kept under `name`; null where there is none. */
export function secondDestination(
  name: string,
  config: Pick<BackupConfig, 'key' | 'copyTo'>,
  current: () => Config,
  pitrWindowMs: number,
): LogDestination | null {
  const { key, copyTo } = config;
  if (copyTo === null) return null;
  return {
    lockMs: copyTo.lockMs,
    pitrWindowMs,
    async open() {
      const url = usable(copyTo.url, `copy_to of "${name}"`).reveal();
      return new Repository(await openBlobStore(url, current().root), name, keysOf({ name, key }));
    },
  };
}

/** What a log archive keeps up. */
export interface ArchiveSubject {
  name: string;
  open(): Promise<PhysicalSource>;
  /** Makes a base backup. */
  runBase(signal: AbortSignal): Promise<unknown>;
  /** Milliseconds after which a new base backup is made in any case. */
  baseEvery?: number;
  /** Null = there is none. */
  second: LogDestination | null;
  close(): Promise<void>;
}

/** The log of one backup, and a base backup whenever none reaches the present. */
export class LogArchive {
  readonly name: string;
  readonly #subject: ArchiveSubject;
  readonly #context: Context;
  readonly #ended = new AbortController();
  readonly #copier: LogCopier | null;
  #keeper: { keeper: WalKeeper; stop(): Promise<void> } | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #problem: string | null = null;
  #failingSince: number | null = null;

  constructor(subject: ArchiveSubject, context: Context) {
    this.name = subject.name;
    this.#subject = subject;
    this.#context = context;
    const { name, second: to } = subject;
    const from = async () => (await subject.open()).repository;
    const isOurs = () => this.status.state === 'receiving';
    this.#copier = to && new LogCopier({ name, from, to, isOurs, ...context });
  }

  get status(): KeeperStatus {
    const status = this.#keeper?.keeper.status;
    if (status) return status;
    const problem = this.#problem;
    const state = problem === null ? 'starting' : 'failing';
    return { state, problem, receiver: null, since: this.#failingSince };
  }

  /** What keeps the log from the second destination; null = nothing, or there is none. */
  get copyProblem(): LogCopier['problem'] {
    return this.#copier?.problem ?? null;
  }

  start(): void {
    this.#running = this.#run();
    this.#copier?.start();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    this.#wake?.();
    await Promise.all([this.#running, this.#copier?.stop()]);
    await this.#keeper?.stop();
    await this.#subject.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      let pause = LOOK_EVERY;
      try {
        pause = await this.#attend();
        this.#problem = null;
        this.#failingSince = null;
      } catch (error) {
        if (signal.aborted) return;
        pause = RETRY;
        const problem = messageOf(error);
        if (problem !== this.#problem)
          this.#context.log.error('A physical backup is not kept up', { name: this.name, problem });
        this.#problem = problem;
        this.#failingSince ??= this.#context.clock.now();
      }
      await this.#pause(pause);
    }
  }

  /** @returns milliseconds until the next look */
  async #attend(): Promise<number> {
    const { clock, log } = this.#context;
    const physical = await this.#subject.open();
    if (!this.#keeper) {
      this.#keeper = makeKeeper(physical, this.#context, (why, level) => {
        log[level]('A new base backup is needed', { name: this.name, why });
        this.#wake?.();
      });
      this.#keeper.keeper.start();
      return SOON;
    }
    const { state, receiver } = this.#keeper.keeper.status;
    if (state !== 'receiving' || !receiver) return SOON;
    const now = clock.now();
    const { chains } = await readPhysicalState(physical.repository, now);
    const reaching = chains.filter(
      ({ base, end, timeline }) =>
        base.systemId === receiver.systemId &&
        end >= base.stop &&
        timeline === receiver.timeline &&
        end >= receiver.stored,
    );
    const newest = Math.max(0, ...reaching.map(({ base }) => base.stoppedAt));
    const { baseEvery = Number.POSITIVE_INFINITY } = this.#subject;
    if (newest === 0 || now - newest > baseEvery) await this.#subject.runBase(this.#ended.signal);
    return LOOK_EVERY;
  }

  async #pause(ms: number): Promise<void> {
    const woken = new AbortController();
    const { signal } = this.#ended;
    const wake = () => woken.abort();
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    await this.#context.clock.sleep(ms, woken.signal).catch(() => undefined);
    signal.removeEventListener('abort', wake);
  }
}
