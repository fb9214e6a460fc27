import { backoff } from '../../../lib/backoff.ts';
import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random } from '../../../lib/random.ts';
import type { Repository } from '../repository.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { type ReceiverStatus, receiveWal } from './receiver.ts';
import { ensureSlot, giveUpSlot, slotName } from './slot.ts';
import type { ReplicationSource } from './source.ts';

/** Milliseconds until a receiver that had to end begins again. */
const RETRY = { base: 500, cap: 30_000 };
/** Milliseconds between two tries while another process receives. */
const STANDBY = 2_000;

/** How the archive of a backup's log is doing. */
export interface KeeperStatus {
  /** `receiving`, `standby` while another process receives, `failing` while nothing comes in or can be stored. */
  state: 'starting' | 'receiving' | 'standby' | 'failing';
  /** What is wrong, else null. */
  problem: string | null;
  receiver: ReceiverStatus | null;
  /** Since when it has not been receiving, milliseconds since the epoch; null while it is. */
  since: number | null;
}

export interface KeeperOptions {
  source: ReplicationSource;
  repository: Repository;
  clock: Clock;
  log: Log;
  slotLimit: number;
  storeAfter?: number | undefined;
  lockUntil?: ((now: number) => number) | undefined;
  /** No base backup reaches the present, so a new one is needed; `warn` where log was lost, `info` where none was kept before. */
  needBase: (why: string, level: 'info' | 'warn') => void;
}

/** Keeps the log of a server coming in for as long as the platform runs, across every failure of either side. */
export class WalKeeper {
  readonly #options: KeeperOptions;
  readonly #slot: string;
  readonly #ended = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #failures = 0;
  #status: KeeperStatus = { state: 'starting', problem: null, receiver: null, since: null };

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#slot = slotName(options.repository);
  }

  get status(): KeeperStatus {
    return this.#status;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      let pause = STANDBY;
      try {
        await this.#receive();
      } catch (error) {
        pause = await this.#failed(error);
      }
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  async #receive(): Promise<void> {
    const { source, needBase } = this.#options;
    const kept = await ensureSlot(source, this.#slot);
    if (!kept) needBase('the server kept no log for it until now', 'info');
    await receiveWal({
      ...this.#options,
      slot: this.#slot,
      signal: this.#ended.signal,
      onGap: (from: Lsn, to: Lsn) => needBase(`the log from ${formatLsn(from)} to ${formatLsn(to)} is lost`, 'warn'),
      report: (receiver) => {
        this.#failures = 0;
        const { problem } = receiver;
        this.#set({ state: problem === null ? 'receiving' : 'failing', problem, receiver });
      },
    });
  }

  /** @returns milliseconds until the next try */
  async #failed(error: unknown): Promise<number> {
    const { source, clock, log, needBase } = this.#options;
    const { receiver } = this.#status;
    const problem = messageOf(error);
    if (codeOf(error) === 'slot_busy') {
      this.#set({ state: 'standby', problem: null, receiver });
      return STANDBY;
    }
    if (this.#status.problem !== problem) log.error('The write-ahead log of a backup is not received', { problem });
    this.#set({ state: 'failing', problem, receiver });
    if (codeOf(error) === 'wal_over_limit') {
      await giveUpSlot(source, this.#slot, clock).catch(() => undefined);
      needBase('the server kept more log than its limit, so the slot was dropped', 'warn');
    }
    return backoff(this.#failures++, RETRY, random());
  }

  #set(status: Omit<KeeperStatus, 'since'>): void {
    const fine = status.state === 'receiving' || status.state === 'standby';
    this.#status = { ...status, since: fine ? null : (this.#status.since ?? this.#options.clock.now()) };
  }
}
