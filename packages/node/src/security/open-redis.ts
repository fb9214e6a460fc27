import { createRequire } from 'node:module';
import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import type { RedisTransactions } from './options.ts';
import { RedisCounters } from './redis-counters.ts';

interface RedisModule {
  default?: RedisConstructor;
  Redis?: RedisConstructor;
}
type RedisConstructor = new (
  url: string,
  options: object,
) => RedisTransactions & {
  on(event: 'error', listener: (error: Error) => void): unknown;
  disconnect(): void;
};

/** Counters on a client of the application's, or on one that is opened here for an address. */
export function openRedis(
  given: RedisTransactions | string | undefined,
  prefix: string,
  timeout: number,
): { counters: RedisCounters | undefined; close: () => void } {
  const wanted = given ?? pipeline().settings.redisUrl;
  if (wanted === undefined || wanted === '') return { counters: undefined, close: () => undefined };
  if (typeof wanted !== 'string') {
    return { counters: new RedisCounters(wanted, prefix, timeout), close: () => undefined };
  }
  const Redis = loadRedis();
  if (Redis === undefined) {
    warnOnStderr('YUMOPS_REDIS_URL is set, and ioredis is not installed: sign-ins are counted in this process alone');
    return { counters: undefined, close: () => undefined };
  }
  // A command that waits for the server to come back would be counted twice: here, and then there.
  const client = new Redis(wanted, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: timeout });
  // Failures of commands are seen by whoever sends them.
  client.on('error', () => undefined);
  return { counters: new RedisCounters(client, prefix, timeout), close: () => client.disconnect() };
}

/** From the application's folder: the package is its own choice, not a dependency of this one. */
export function loadRedis(): RedisConstructor | undefined {
  try {
    const module = createRequire(`${process.cwd()}/package.json`)('ioredis') as RedisModule;
    return module.Redis ?? module.default;
  } catch {
    return undefined;
  }
}
