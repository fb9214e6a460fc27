import { Redis } from 'ioredis';
import { type AttemptCounter, type AttemptRule, type AttemptVerdict, judgeAttempt } from '../../access/attempts.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';

/** How long an answer may take before it is counted elsewhere, milliseconds. */
const ANSWER_LIMIT = 500;
const PREFIX = 'yumops:attempts:';

/** Counters on a Redis server. What it cannot count is counted by `spare`: an attempt never goes uncounted. */
export class RedisAttempts implements AttemptCounter {
  readonly #client: Redis;
  readonly #spare: AttemptCounter;
  readonly #log: Log;
  readonly #server: string;
  #trouble: string | null = null;

  /** @param url `redis://` or `rediss://`, with the password where it needs one */
  constructor(url: string, { spare, log }: { spare: AttemptCounter; log: Log }) {
    this.#spare = spare;
    this.#log = log;
    this.#server = new URL(url).host;
    // A command that waits for the server to come back would be counted twice: by the spare, and then there.
    this.#client = new Redis(url, {
      ...{ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: ANSWER_LIMIT, connectTimeout: 5_000 },
      ...{ lazyConnect: true, connectionName: 'yumops' },
    });
    this.#client.on('error', () => undefined); // whoever sends a command sees why it failed
  }

  /** Connects; a server that cannot be reached is tried again and again, and is no reason not to start. */
  async open(): Promise<void> {
    await this.#client.connect().catch((error) => this.#note(error));
  }

  /** What keeps the server from counting, as a sentence; null when nothing does. */
  async trouble(): Promise<string | null> {
    try {
      // A write, as counting is: a full server and a replica answer pings.
      await this.#client.set(`${PREFIX}probe`, 1, 'PX', 60_000);
      this.#trouble = null;
    } catch (error) {
      this.#note(error);
    }
    return this.#trouble;
  }

  async consume(key: string, rule: AttemptRule): Promise<AttemptVerdict> {
    try {
      const name = `${PREFIX}${key}`;
      const answers = await this.#client
        .multi()
        .set(name, 0, 'PX', rule.window * 1_000, 'NX')
        .incr(name)
        .pttl(name)
        .exec();
      const [count, left] = (answers ?? []).slice(1).map(([error, value]) => {
        if (error) throw error;
        return Number(value);
      });
      if (count === undefined || left === undefined) throw new Error('the transaction was discarded');
      this.#trouble = null;
      return judgeAttempt(count, left, rule);
    } catch (error) {
      this.#note(error);
      return this.#spare.consume(key, rule);
    }
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }

  #note(error: unknown): void {
    const reason = `The counter store at ${this.#server} does not answer (${messageOf(error)}); attempts are counted in the state store.`;
    if (this.#trouble === null) this.#log.warn(reason);
    this.#trouble = reason;
  }
}
