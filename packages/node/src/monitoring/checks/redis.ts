import { randomUUID } from 'node:crypto';
import { type CheckDefinition, gradeBelow } from '../health-check.ts';

/** The commands that the check uses; ioredis and node-redis have them. */
export interface RedisClient {
  ping(): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  del(key: string): Promise<unknown>;
  expire?(key: string, seconds: number): Promise<unknown>;
  info?(section: string): Promise<unknown>;
}

const LIMITS = [100, 300] as const;

function usedMemory(info: unknown): string {
  return /^used_memory_human:(\S+)/m.exec(String(info))?.[1] ?? 'unknown';
}

/** PING, then set, get and delete of a key of its own: healthy under 100 ms, degraded under 300 ms. */
export function redisCheck(client: RedisClient, timeout = 5000): CheckDefinition {
  return {
    name: 'redis',
    componentType: 'datastore',
    timeout,
    async run() {
      const startedAt = performance.now();
      const key = `health-check-${randomUUID()}`;
      await client.ping();
      await client.set(key, key);
      await client.expire?.(key, 60);
      const value = await client.get(key);
      await client.del(key);
      if (String(value) !== key) {
        throw new Error('the value read is not the value written');
      }
      const took = performance.now() - startedAt;
      const memoryUsage = usedMemory(await client.info?.('memory'));
      return { status: gradeBelow(took, LIMITS), details: { memoryUsage, operations: 'read/write successful' } };
    },
  };
}
