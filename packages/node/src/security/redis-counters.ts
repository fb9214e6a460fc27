import type { Counted, CounterStore, Found } from './counters.ts';
import { MOST_MEMBERS } from './counters.ts';
import type { RedisTransactions } from './options.ts';
import type { Restriction } from './restriction.ts';
import { restrictionKey } from './restriction.ts';

const LIFTED = 'lifted';
/** Longer than any instance holds what it did not ask for again, milliseconds. */
const LIFTED_FOR = 86_400_000;

type Command = Parameters<RedisTransactions['multi']>[0][number];

/** Counters that the instances of an application share, as sorted sets by time. Each call is one transaction. */
export class RedisCounters implements CounterStore {
  readonly #client: RedisTransactions;
  readonly #prefix: string;
  readonly #timeout: number;

  /** @param timeout how long an answer may take, milliseconds */
  constructor(client: RedisTransactions, prefix: string, timeout: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#timeout = timeout;
  }

  async count(add: readonly Counted[], remove: readonly Pick<Counted, 'key' | 'member'>[]): Promise<number[]> {
    const removals = remove.map(({ key, member }) => ['zrem', this.#set(key), member]);
    const additions = add.flatMap(({ key, member, at, span }) => {
      const set = this.#set(key);
      return [
        ['zadd', set, 'GT', at, member],
        ['zremrangebyscore', set, '-inf', at - span],
        ['zremrangebyrank', set, 0, -MOST_MEMBERS - 1],
        ['pexpire', set, span],
        ['zcount', set, `(${at - span}`, '+inf'],
      ];
    });
    const answers = await this.#run([...removals, ...additions]);
    return add.map((_, index) => Number(answers[removals.length + 5 * index + 4]));
  }

  async sizes(keys: readonly { key: string; at: number; span: number }[]): Promise<number[]> {
    const answers = await this.#run(
      keys.map(({ key, at, span }) => ['zcount', this.#set(key), `(${at - span}`, '+inf']),
    );
    return answers.map(Number);
  }

  async forget(keys: readonly string[]): Promise<void> {
    await this.#run(keys.map((key) => ['del', this.#set(key)]));
  }

  async restrict(restrictions: readonly Restriction[], now: number): Promise<void> {
    const inForce = restrictions.filter(({ until }) => until > now);
    await this.#run(
      inForce.map((one) => ['set', this.#restriction(one), JSON.stringify(one), 'PX', Math.ceil(one.until - now)]),
    );
  }

  async lift(restrictions: readonly Pick<Restriction, 'action' | 'kind' | 'value'>[]): Promise<void> {
    await this.#run(restrictions.map((one) => ['set', this.#restriction(one), LIFTED, 'PX', LIFTED_FOR]));
  }

  async find(wanted: readonly Pick<Restriction, 'action' | 'kind' | 'value'>[], now: number): Promise<Found[]> {
    const answers = await this.#run(wanted.map((one) => ['get', this.#restriction(one)]));
    return answers.map((text) => {
      if (text === LIFTED) return LIFTED;
      const found = typeof text === 'string' ? (JSON.parse(text) as Restriction) : undefined;
      return found !== undefined && found.until > now ? found : undefined;
    });
  }

  #set(key: string): string {
    return `${this.#prefix}:count:${key}`;
  }

  #restriction(one: Pick<Restriction, 'action' | 'kind' | 'value'>): string {
    return `${this.#prefix}:restrict:${restrictionKey(one)}`;
  }

  async #run(commands: Command[]): Promise<unknown[]> {
    if (commands.length === 0) return [];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Redis did not answer within ${this.#timeout} ms`)), this.#timeout);
    });
    try {
      const answer = this.#client.multi(commands).exec();
      // What comes after the limit is of no interest any more, and must not be an unhandled rejection.
      answer.catch(() => undefined);
      const results = await Promise.race([answer, late]);
      if (results === null) throw new Error('Redis discarded the transaction');
      return results.map(([error, result]) => {
        if (error !== null) throw error;
        return result;
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
