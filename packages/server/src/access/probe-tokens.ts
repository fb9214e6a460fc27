import type { Db } from '../lib/db.ts';
import { audit } from './audit.ts';
import { hashSecret, newSecret } from './secret.ts';

/** Makes a token for probe agents in one place. The secret is shown once and stored as a hash. */
export async function createProbeToken(
  db: Db,
  input: { location: string; actor: string; now: number },
): Promise<{ secret: string; location: string }> {
  const secret = newSecret();
  const { location, actor, now } = input;
  await db.transaction(async (tx) => {
    await tx.query('INSERT INTO probe_tokens (secret_hash, location, created_at) VALUES ($1, $2, $3)', [
      hashSecret(secret),
      location,
      new Date(now),
    ]);
    await audit(tx, { at: now, actor, action: 'probe_token.create', target: location });
  });
  return { secret, location };
}

/** The place that a probe token opens; undefined when it is unknown or revoked. */
export async function findProbeLocation(db: Db, secret: string): Promise<string | undefined> {
  const [row] = await db.query<{ location: string }>(
    'SELECT location FROM probe_tokens WHERE secret_hash = $1 AND revoked_at IS NULL',
    [hashSecret(secret)],
  );
  return row?.location;
}

/** Revokes every probe token of a place. @returns how many there were */
export async function revokeProbeTokens(
  db: Db,
  input: { location: string; actor: string; now: number },
): Promise<number> {
  const { location, actor, now } = input;
  return db.transaction(async (tx) => {
    const rows = await tx.query<{ id: string }>(
      'UPDATE probe_tokens SET revoked_at = $2 WHERE location = $1 AND revoked_at IS NULL RETURNING id::text',
      [location, new Date(now)],
    );
    await audit(tx, {
      at: now,
      actor,
      action: 'probe_token.revoke',
      target: location,
      detail: { tokens: rows.length },
    });
    return rows.length;
  });
}
