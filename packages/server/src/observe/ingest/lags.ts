import type { Clock, Timer } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { codeOf, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Ingest } from './ingest.ts';

const WRITE_EVERY_MS = 2_000;
/** A wait that is no lag: the time that a batch takes to fill. */
const USUAL_MS = 2_000;
/** An instance that has not said so for this long is gone, and with it what it knew. */
const STALE_MS = 60_000;

export interface LagOptions {
  db: Db;
  ingest: Pick<Ingest, 'stats'>;
  instance: string;
  clock: Clock;
  log: Log;
}

/** What instances tell each other of rows that wait: rules are evaluated only up to the oldest of them. */
export class IngestLags {
  readonly #options: LagOptions;
  #timer: Timer | null = null;
  #told = true;
  #stopped = false;

  constructor(options: LagOptions) {
    this.#options = options;
  }

  /** Tells of this instance's lag from now on. */
  start(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(WRITE_EVERY_MS, () => void this.#turn());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /**
   * Since when the oldest row of any instance waits to be stored, ms since the epoch; now when none does. While the state
   * store is away, only this instance's rows are known of.
   */
  async watermark(): Promise<number> {
    const now = this.#options.clock.now();
    return Math.min(this.#own(now), (await this.#others(now))?.getTime() ?? now);
  }

  async #others(now: number): Promise<Date | null | undefined> {
    const { db, instance } = this.#options;
    try {
      const [other] = await db.query<{ oldest: Date | null }>(
        'SELECT min(oldest_at) AS oldest FROM ingest_lags WHERE instance <> $1 AND seen_at > $2',
        [instance, new Date(now - STALE_MS)],
      );
      return other?.oldest;
    } catch (error) {
      if (codeOf(error) === 'state_unavailable') return null;
      throw error;
    }
  }

  #own(now: number): number {
    return now - this.#options.ingest.stats().lagSeconds * 1_000;
  }

  async #turn(): Promise<void> {
    try {
      await this.#tell();
    } catch (error) {
      this.#options.log.debug('Other instances were not told of the lag of ingest', { reason: messageOf(error) });
    }
    this.start();
  }

  /** Writes while rows wait, and once when none does any more. */
  async #tell(): Promise<void> {
    const { db, instance, clock } = this.#options;
    const now = clock.now();
    const oldest = this.#own(now);
    if (now - oldest > USUAL_MS) {
      this.#told = true;
      await db.query(
        `INSERT INTO ingest_lags (instance, oldest_at, seen_at) VALUES ($1, $2, $3)
         ON CONFLICT (instance) DO UPDATE SET oldest_at = excluded.oldest_at, seen_at = excluded.seen_at`,
        [instance, new Date(oldest), new Date(now)],
      );
    } else if (this.#told) {
      await db.query('DELETE FROM ingest_lags WHERE instance = $1', [instance]);
      this.#told = false;
    }
  }
}
