import type { FindIngestKey, IngestKey } from '../http/access.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { audit } from './audit.ts';
import { hashSecret, newSecret, sameSecret } from './secret.ts';

/** How long a key's look-up is trusted: a revoked key works at most this much longer. */
const REMEMBER_MS = 15_000;
const REMEMBER_AT_MOST = 10_000;

/** Makes an ingest key. @param input.origins web pages that may use it; without any, all may */
export async function createIngestKey(
  db: Db,
  input: { scope: 'public' | 'server'; project: string; origins?: readonly string[]; actor: string; now: number },
): Promise<{ secret: string }> {
  const secret = newSecret();
  await db.transaction(async (tx) => {
    await tx.query(
      'INSERT INTO ingest_keys (secret_hash, scope, project, origins, created_at) VALUES ($1, $2, $3, $4, $5)',
      [hashSecret(secret), input.scope, input.project, [...(input.origins ?? [])], new Date(input.now)],
    );
    await audit(tx, {
      at: input.now,
      actor: input.actor,
      action: 'ingest_key.create',
      target: `project ${input.project}`,
      detail: { scope: input.scope, origins: input.origins ?? [] },
    });
  });
  return { secret };
}

/**
 * Makes the look-up that ingest calls for each request. Answers are remembered for 15 s, so that ingest goes on
 * for known keys while the state store is away.
 * @param preset the key that the operator set for automation; it opens every protocol and project
 */
export function ingestKeyFinder(db: Db, clock: Clock, preset: string | undefined): FindIngestKey {
  const remembered = new Map<string, { key: IngestKey | undefined; until: number }>();
  return async (secret) => {
    if (preset !== undefined && sameSecret(secret, preset)) return { scope: 'all', project: null };
    const known = remembered.get(secret);
    if (known && known.until > clock.monotonic()) return known.key;
    const key = await lookUp(db, secret).catch((error: unknown) => {
      if (known?.key) return known.key;
      throw error;
    });
    if (remembered.size >= REMEMBER_AT_MOST) remembered.clear();
    remembered.set(secret, { key, until: clock.monotonic() + REMEMBER_MS });
    return key;
  };
}

async function lookUp(db: Db, secret: string): Promise<IngestKey | undefined> {
  const [row] = await db.query<IngestKey>(
    'SELECT scope, project, origins FROM ingest_keys WHERE secret_hash = $1 AND revoked_at IS NULL',
    [hashSecret(secret)],
  );
  return row;
}
