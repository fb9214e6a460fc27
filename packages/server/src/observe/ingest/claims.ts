import type { IngestAnswer } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';

/** A claim whose instance does not come back is void after so long, minutes. */
const VOID_AFTER_MINUTES = 15;
const FORGET_EVERY_MS = 600_000;
const SETTLE_MS = 250;
const RETRY_MS = 2_000;

export interface ClaimOptions {
  db: Db;
  /** Name of this instance, the same after a restart. */
  instance: string;
  clock: Clock;
  log: Log;
}

interface Waiting {
  key: string;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** `mine`: to be taken here. `taken`: another instance took it. `open`: another one began, and has not said how it ended. */
type Outcome = { kind: 'mine' } | { kind: 'open' } | { kind: 'taken'; answer: IngestAnswer };

/**
 * Lets a delivery that is sent again to another instance add nothing: each is claimed in the state store before it is
 * taken, and its answer is noted there. While the store is away deliveries are taken without.
 */
export class DeliveryClaims {
  readonly #options: ClaimOptions;
  #waiting: Waiting[] = [];
  #claiming = false;
  /** What became of own claims; null = nothing was taken. */
  #ended = new Map<string, IngestAnswer | null>();
  readonly #loop: Loop;
  #forgetAt = Number.NEGATIVE_INFINITY;
  #known: (key: string) => Promise<IngestAnswer | undefined> = async () => undefined;
  #looked = false;
  /** The store is away, and that was said. */
  #told = false;

  constructor(options: ClaimOptions) {
    this.#options = options;
    this.#loop = new Loop(
      options.clock,
      async () => {
        await this.#lookBack();
        await this.#settle();
        await this.#forget();
        return SETTLE_MS;
      },
      (error, failures) => {
        if (failures % 30 === 1)
          options.log.warn('other instances do not hear what was taken', { reason: messageOf(error) });
        return RETRY_MS;
      },
    );
  }

  /**
   * Begins to tell what was taken; first of all what became of the deliveries that were under way when this instance ended.
   * @param known the answer to a delivery that this instance took
   */
  start(known: (key: string) => Promise<IngestAnswer | undefined>): void {
    this.#known = known;
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#settle().catch((error: unknown) => {
      this.#options.log.warn('other instances do not hear what was taken last', { reason: messageOf(error) });
    });
  }

  /**
   * Takes a delivery unless another instance did.
   * @throws YumOpsError `delivery_elsewhere` (503) while another instance may have it, and what `take` throws
   */
  async once(key: string, take: () => Promise<IngestAnswer>): Promise<{ answer: IngestAnswer; repeated: boolean }> {
    const outcome = await this.#claim(key);
    if (outcome?.kind === 'taken') return { answer: outcome.answer, repeated: true };
    if (outcome?.kind === 'open') {
      throw new YumOpsError('delivery_elsewhere', 'Another instance may have taken this delivery.', {
        hint: 'Send it again with the same id.',
        status: 503,
        retryAfter: 1,
      });
    }
    if (outcome === undefined) this.#tellOnce();
    try {
      const answer = await take();
      if (outcome) this.#ended.set(key, answer);
      return { answer, repeated: false };
    } catch (error) {
      if (outcome) this.#ended.set(key, null);
      throw error;
    }
  }

  #tellOnce(): void {
    if (this.#told) return;
    this.#told = true;
    this.#options.log.warn('the state store is away; what is sent again to another instance may be stored twice');
  }

  /** @returns undefined while the store is away */
  #claim(key: string): Promise<Outcome | undefined> {
    const claimed = new Promise<Outcome>((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
    });
    void this.#claimAll();
    return claimed.catch((error: unknown) => {
      if (codeOf(error) === 'state_unavailable') return undefined;
      throw error;
    });
  }

  /** Those that come while a statement is under way share the next one. */
  async #claimAll(): Promise<void> {
    if (this.#claiming) return;
    this.#claiming = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const outcomes = await this.#write(batch.map(({ key }) => key));
        this.#told = false;
        for (const { key, resolve } of batch) resolve(outcomes.get(key) ?? { kind: 'open' });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#claiming = false;
  }

  async #write(keys: readonly string[]): Promise<Map<string, Outcome>> {
    const { db, instance } = this.#options;
    for (const key of keys) this.#ended.delete(key);
    // In order, so that two instances do not wait for each other.
    const sorted = [...keys].sort();
    const rows = await db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO ingest_claims (key, instance, claimed_at) SELECT unnest($1::text[]), $2, clock_timestamp()
         ON CONFLICT (key) DO NOTHING`,
        [sorted, instance],
      );
      await tx.query(
        `UPDATE ingest_claims SET instance = $2, claimed_at = clock_timestamp()
         WHERE key = ANY ($1) AND instance <> $2 AND answer IS NULL
           AND claimed_at < clock_timestamp() - make_interval(mins => $3)`,
        [sorted, instance, VOID_AFTER_MINUTES],
      );
      return tx.query<{ key: string; instance: string; answer: IngestAnswer | null }>(
        'SELECT key, instance, answer FROM ingest_claims WHERE key = ANY ($1)',
        [sorted],
      );
    });
    return new Map(
      rows.map(({ key, instance: holder, answer }): [string, Outcome] => {
        if (answer !== null) return [key, { kind: 'taken', answer }];
        return [key, { kind: holder === instance ? 'mine' : 'open' }];
      }),
    );
  }

  /** Once after a start: claims of the life before, of which nobody was told how they ended. */
  async #lookBack(): Promise<void> {
    if (this.#looked) return;
    const { db, instance } = this.#options;
    const open = await db.query<{ key: string }>(
      'SELECT key FROM ingest_claims WHERE instance = $1 AND answer IS NULL',
      [instance],
    );
    for (const { key } of open) {
      const answer = await this.#known(key);
      if (answer && !this.#ended.has(key)) this.#ended.set(key, answer);
    }
    this.#looked = true;
  }

  async #settle(): Promise<void> {
    if (this.#ended.size === 0) return;
    const { db, instance } = this.#options;
    const ended = [...this.#ended];
    const taken = ended.filter(([, answer]) => answer !== null).sort(([a], [b]) => (a < b ? -1 : 1));
    const nothing = ended.filter(([, answer]) => answer === null).map(([key]) => key);
    await db.transaction(async (tx) => {
      await tx.query(
        `UPDATE ingest_claims SET answer = told.answer::jsonb FROM unnest($1::text[], $2::text[]) AS told (key, answer)
         WHERE ingest_claims.key = told.key AND instance = $3`,
        [taken.map(([key]) => key), taken.map(([, answer]) => JSON.stringify(answer)), instance],
      );
      await tx.query('DELETE FROM ingest_claims WHERE key = ANY ($1) AND instance = $2 AND answer IS NULL', [
        nothing,
        instance,
      ]);
    });
    for (const [key, answer] of ended) if (this.#ended.get(key) === answer) this.#ended.delete(key);
  }

  async #forget(): Promise<void> {
    const { db, clock } = this.#options;
    if (clock.monotonic() < this.#forgetAt) return;
    this.#forgetAt = clock.monotonic() + FORGET_EVERY_MS;
    await db.query("DELETE FROM ingest_claims WHERE claimed_at < clock_timestamp() - interval '24 hours'");
  }
}
