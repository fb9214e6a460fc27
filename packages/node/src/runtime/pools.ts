import { shared } from './shared.ts';

/** The counters that a `pg` pool has. */
export interface PoolCounters {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
  options?: { max?: number };
}

const pools = shared('pools', () => new Map<string, PoolCounters>());

/** Samples a `pg` pool's use and queue every 15 s under this name. @returns a function that stops it */
export function registerPool(name: string, pool: PoolCounters): () => void {
  pools.set(name, pool);
  return () => {
    if (pools.get(name) === pool) {
      pools.delete(name);
    }
  };
}

/** The pools that are sampled now, by name. */
export function registeredPools(): ReadonlyMap<string, PoolCounters> {
  return pools;
}
