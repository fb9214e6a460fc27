import type { Pool, PoolClient } from 'pg';
import { once } from '@/lib/once';

interface Leak {
  pool: Pool | undefined;
  held: PoolClient[];
  on: boolean;
}

const leak = () => once('connection-leak', (): Leak => ({ pool: undefined, held: [], on: false }));

/** The connections of this pool are what the fault takes. */
export function leakConnectionsOf(pool: Pool): void {
  leak().pool = pool;
}

async function takeOne(): Promise<void> {
  const client = await leak().pool?.connect();
  if (client && leak().on) leak().held.push(client);
  else client?.release();
}

/** Takes every connection of the pool as soon as it is free, and gives none back. */
export function startConnectionLeak(): void {
  leak().on = true;
  // One that waits too long for its turn is given up; the others hold what there is.
  for (let n = 0; n < (leak().pool?.options.max ?? 0); n++) takeOne().catch(() => undefined);
}

/** Gives all of them back. */
export function stopConnectionLeak(): void {
  leak().on = false;
  for (const client of leak().held.splice(0)) client.release();
}
