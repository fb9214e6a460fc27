import pg from 'pg';
import { backoff } from '../../lib/backoff.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { random } from '../../lib/random.ts';
import type { Signals } from '../../lib/signals.ts';
import type { StateStore } from './connect.ts';

const RETRY = { base: 500, cap: 30_000 };

export interface SignalOptions {
  url: string;
  db: Pick<StateStore, 'query'>;
  clock: Clock;
  log: Log;
}

/** Signals by NOTIFY of Postgres, heard on one connection of their own, which is made again when it is lost. */
export class PostgresSignals implements Signals {
  readonly #options: SignalOptions;
  readonly #hearers = new Map<string, Set<(text: string) => void>>();
  readonly #gaps = new Set<() => void>();
  #client: pg.Client | null = null;
  #timer: Timer | null = null;
  #failures = 0;
  #closed = false;
  /** One statement at a time on the connection. */
  #asked: Promise<void> = Promise.resolve();

  constructor(options: SignalOptions) {
    this.#options = options;
  }

  async send(channel: string, text: string): Promise<void> {
    await this.#options.db.query('SELECT pg_notify($1, $2)', [channel, text]);
  }

  listen(channel: string, hear: (text: string) => void): () => void {
    const own = this.#hearers.get(channel) ?? new Set();
    this.#hearers.set(channel, own.add(hear));
    const client = this.#client;
    if (client) this.#asked = this.#asked.then(() => this.#subscribe(client, channel)).catch(() => this.#lost());
    else if (!this.#timer) this.#asked = this.#connect();
    return () => own.delete(hear);
  }

  onGap(gap: () => void): () => void {
    this.#gaps.add(gap);
    return () => this.#gaps.delete(gap);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    this.#timer = null;
    const client = new pg.Client({ connectionString: this.#options.url, application_name: 'yumops signals' });
    this.#client = client;
    client.on('error', () => this.#lost());
    client.on('end', () => this.#lost());
    client.on('notification', ({ channel, payload = '' }) => {
      for (const hear of this.#hearers.get(channel) ?? []) hear(payload);
    });
    try {
      await client.connect();
      for (const channel of this.#hearers.keys()) await this.#subscribe(client, channel);
      const wasLost = this.#failures > 0;
      this.#failures = 0;
      if (wasLost) for (const gap of this.#gaps) gap();
    } catch {
      this.#lost();
    }
  }

  async #subscribe(client: pg.Client, channel: string): Promise<void> {
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
  }

  #lost(): void {
    if (this.#closed || this.#client === null) return;
    const { clock, log } = this.#options;
    void this.#client.end().catch(() => undefined);
    this.#client = null;
    const wait = backoff(this.#failures, RETRY, random());
    this.#failures++;
    log.debug('The connection for signals was lost', { againInMs: wait });
    this.#timer = clock.after(wait, () => {
      this.#asked = this.#connect();
    });
  }
}
