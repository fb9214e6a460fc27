import type { ProbeToken } from '@yumops/protocol';
import type { Db, Queryable } from '../lib/db.ts';
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

/** A use is written down at most this often, milliseconds: agents speak every second. */
const NOTE_USE_MS = 60_000;

/** The place that a probe token opens; undefined when it is unknown or revoked. */
export async function findProbeLocation(db: Db, secret: string, now: number): Promise<string | undefined> {
  const hash = hashSecret(secret);
  const [row] = await db.query<{ location: string; last_used_at: Date | null }>(
    'SELECT location, last_used_at FROM probe_tokens WHERE secret_hash = $1 AND revoked_at IS NULL',
    [hash],
  );
  if (row && now - (row.last_used_at?.getTime() ?? 0) >= NOTE_USE_MS) {
    await db.query('UPDATE probe_tokens SET last_used_at = $2 WHERE secret_hash = $1', [hash, new Date(now)]);
  }
  return row?.location;
}

/** The tokens that there are and were, newest first. */
export async function listProbeTokens(db: Queryable): Promise<ProbeToken[]> {
  const rows = await db.query<{
    id: string;
    location: string;
    created_at: Date;
    last_used_at: Date | null;
    revoked_at: Date | null;
  }>(
    `SELECT id::text, location, created_at, last_used_at, revoked_at FROM probe_tokens
     ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT 500`,
  );
  return rows.map((row) => ({
    id: row.id,
    location: row.location,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }));
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
