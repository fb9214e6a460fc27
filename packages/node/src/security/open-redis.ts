import { createRequire } from 'node:module';
import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import type { RedisTransactions } from './options.ts';
import { RedisCounters } from './redis-counters.ts';

interface RedisModule {
  default?: RedisConstructor;
  Redis?: RedisConstructor;
}
type RedisConstructor = new (url: string, options: object) => RedisClient;
interface RedisClient extends RedisTransactions {
  on(event: 'error', listener: (error: Error) => void): unknown;
  disconnect(): void;
}

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
  // A command that waits for the server to come back would be counted twice: here, and then there.
  const options = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: timeout };
  const client = connectRedis(wanted, options, 'sign-ins are counted in this process alone');
  if (client === undefined) return { counters: undefined, close: () => undefined };
  return { counters: new RedisCounters(client, prefix, timeout), close: () => client.disconnect() };
}

/**
 * A client of the application's ioredis for an address.
 * @param without what is so where ioredis is not installed; it is said on stderr, and the answer is undefined
 */
export function connectRedis(url: string, options: object, without: string): RedisClient | undefined {
  const Redis = loadRedis();
  if (Redis === undefined) {
    warnOnStderr(`YUMOPS_REDIS_URL is set, and ioredis is not installed: ${without}`);
    return undefined;
  }
  const client = new Redis(url, options);
  // Failures of commands are seen by whoever sends them.
  client.on('error', () => undefined);
  return client;
}

/** From the application's folder: the package is its own choice, not a dependency of this one. */
function loadRedis(): RedisConstructor | undefined {
  try {
    const module = createRequire(`${process.cwd()}/package.json`)('ioredis') as RedisModule;
    return module.Redis ?? module.default;
  } catch {
    return undefined;
  }
}
