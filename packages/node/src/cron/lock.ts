import { randomUUID } from 'node:crypto';
import { connectRedis } from '../security/open-redis.ts';
import type { RedisTransactions } from '../security/options.ts';
import type { CronLock, GivenLock } from './options.ts';

/** Of this process alone. */
export class LocalLock implements CronLock {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async acquire(key: string, ttl: number): Promise<boolean> {
    const now = this.#now();
    for (const [known, until] of this.#until) if (until <= now) this.#until.delete(known);
    if (this.#until.has(key)) return false;
    this.#until.set(key, now + ttl);
    return true;
  }

  async release(key: string): Promise<void> {
    this.#until.delete(key);
  }

  async extend(key: string, ttl: number): Promise<void> {
    if (this.#until.has(key)) this.#until.set(key, this.#now() + ttl);
  }
}

/** Only whoever took the lock gives it back: a run that outlived its lease must not free the next one's. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;
const EXTEND = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`;

/** Of all processes that use one Redis. */
export class RedisLock implements CronLock {
  readonly #client: RedisTransactions;
  readonly #tokens = new Map<string, string>();

  constructor(client: RedisTransactions) {
    this.#client = client;
  }

  async acquire(key: string, ttl: number): Promise<boolean> {
    const token = randomUUID();
    const answer = await this.#run(['set', key, token, 'PX', Math.ceil(ttl), 'NX']);
    if (answer === null) return false;
    this.#tokens.set(key, token);
    return true;
  }

  async release(key: string): Promise<void> {
    const token = this.#tokens.get(key);
    this.#tokens.delete(key);
    if (token !== undefined) await this.#run(['eval', RELEASE, 1, key, token]);
  }

  async extend(key: string, ttl: number): Promise<void> {
    const token = this.#tokens.get(key);
    if (token !== undefined) await this.#run(['eval', EXTEND, 1, key, token, Math.ceil(ttl)]);
  }

  async #run(command: (string | number)[]): Promise<unknown> {
    const [[error, result] = [new Error('Redis discarded the transaction'), null]] =
      (await this.#client.multi([command]).exec()) ?? [];
    if (error !== null) throw error;
    return result;
  }
}

/** @returns undefined when none is given, or ioredis is not installed */
export function openLock(given: GivenLock | undefined): CronLock | undefined {
  if (given === undefined || given === '') return undefined;
  if (typeof given !== 'string') return 'acquire' in given ? given : new RedisLock(given);
  const options = { enableOfflineQueue: true, maxRetriesPerRequest: 1, commandTimeout: 2_000 };
  const client = connectRedis(given, options, 'scheduled jobs keep from running twice in this process alone');
  return client && new RedisLock(client);
}
