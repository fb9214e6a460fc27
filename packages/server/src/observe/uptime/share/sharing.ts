import type { Clock } from '../../../lib/clock.ts';
import type { Db } from '../../../lib/db.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import type { Signals } from '../../../lib/signals.ts';
import type { MonitorBook } from '../monitor-book.ts';
import type { Recorder } from '../recorder.ts';
import { loadNextChecks, loadRecords } from '../state-store.ts';
import { exclusively } from './exclusive.ts';
import { Membership } from './membership.ts';

export interface SharingOptions {
  db: Db;
  clock: Clock;
  log: Log;
  /** This instance among those on one state store; undefined = it is alone. */
  instance: string | undefined;
  signals: Signals | undefined;
  leaseMs: number | undefined;
  /** False = others check; this one takes in what is seen of monitors, and no more. */
  checks: boolean;
  recorder: Pick<Recorder, 'flush'>;
  book(): Pick<MonitorBook, 'monitors' | 'refresh'>;
  /** The checks that run now, by monitor. */
  running(): ReadonlyMap<string, Promise<void>>;
  /**
   * Checks what is `mine` now, and nothing else.
   * @param dueIn milliseconds until a monitor that is new here is due, where that is known
   */
  follow(dueIn?: (id: string) => number | undefined): void;
}

/** How long a check that runs may hold up that its monitor goes to another instance, milliseconds. */
const HAND_OVER_MS = 2_000;

/** This instance's part in the monitors that several instances on one state store look after. */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #membership: Membership | null;
  readonly #exclusively: ReturnType<typeof exclusively>;
  /** Monitors whose records here are the newest. */
  #held = new Set<string>();
  #handsOver = false;
  #hasBegun = false;

  constructor(options: SharingOptions) {
    const { db, clock, log, instance, signals, leaseMs, checks } = options;
    this.#options = options;
    this.#exclusively = exclusively(db);
    const parts = { release: () => this.#release(), gain: () => this.#gain() };
    this.#membership =
      instance === undefined ? null : new Membership({ db, clock, log, instance, signals, leaseMs, checks, ...parts });
  }

  /** Whether this instance looks after a monitor. */
  isMine(id: string): boolean {
    return this.#membership?.isMine(id) ?? true;
  }

  /** Whether what a check found may still be taken: it began while the monitor was `mine`, and nobody else has begun. */
  mayTake(id: string): boolean {
    return this.#handsOver || this.isMine(id);
  }

  /** Learns what is `mine`, before anything is checked. */
  async join(): Promise<void> {
    await this.#membership?.start();
  }

  /** To be called when the monitors are known and checked for the first time. */
  async begin(): Promise<void> {
    this.#hasBegun = true;
    if (!this.#membership?.isShared) return;
    this.#held = new Set();
    await this.#gain();
  }

  /** To be called after the monitors were replaced. */
  adopted(): void {
    this.#held = new Set(this.#ids().filter((id) => this.isMine(id)));
  }

  /** Gives everything to the others. To be called when nothing runs and all is stored. */
  async leave(): Promise<void> {
    await this.#membership?.stop();
  }

  /**
   * Takes what was seen of monitors into the book: where several instances may see something of one monitor, one after
   * the other, each on top of what the one before it stored.
   */
  async together<T>(ids: readonly string[], take: () => T): Promise<T> {
    if (!this.#membership?.isShared) return take();
    return this.#exclusively(async () => {
      this.#options.book().refresh(await loadRecords(this.#options.db, ids));
      const taken = take();
      await this.#options.recorder.flush();
      return taken;
    });
  }

  /** Says something to the other instances. One that does not hear it finds it at its next look. */
  async say(channel: string, text: string): Promise<void> {
    const { signals, log } = this.#options;
    await signals?.send(channel, text).catch((error: unknown) => {
      log.warn('The other instances could not be told', { reason: messageOf(error) });
    });
  }

  #ids(): string[] {
    return this.#options
      .book()
      .monitors()
      .map(({ id }) => id);
  }

  /** Stops what falls to other instances; checks of it that run end first, unless they take long. */
  async #release(): Promise<void> {
    if (!this.#hasBegun) return;
    const { follow, running, clock, recorder } = this.#options;
    follow();
    const ends = [...running()].filter(([id]) => !this.isMine(id)).map(([, end]) => end);
    this.#handsOver = true;
    await Promise.race([Promise.all(ends), clock.sleep(HAND_OVER_MS)]);
    this.#handsOver = false;
    this.#held = new Set([...this.#held].filter((id) => this.isMine(id)));
    await recorder.flush();
  }

  /** Begins with what fell to this instance, where the one before it left off, and in its rhythm. */
  async #gain(): Promise<void> {
    if (!this.#hasBegun) return;
    const { db, clock, log, follow, book } = this.#options;
    const gained = this.#ids().filter((id) => this.isMine(id) && !this.#held.has(id));
    if (gained.length === 0) return;
    book().refresh(await loadRecords(db, gained));
    const nextAt = await loadNextChecks(db, gained);
    for (const id of gained) this.#held.add(id);
    const now = clock.now();
    follow((id) => {
      const at = nextAt.get(id);
      return at === undefined ? undefined : at - now;
    });
    log.info('The prober took over monitors', { monitors: gained.length });
  }
}
