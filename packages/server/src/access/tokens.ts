import type { Principal, Role } from '../http/access.ts';
import type { Db } from '../lib/db.ts';
import { audit } from './audit.ts';
import { hashSecret, newSecret, sameSecret } from './secret.ts';

/** Makes an API token. The secret is shown once and stored as a hash. */
export async function createToken(
  db: Db,
  input: { name: string; role: Role; actor: string; now: number },
): Promise<{ secret: string }> {
  const secret = newSecret();
  await db.transaction(async (tx) => {
    await tx.query('INSERT INTO api_tokens (name, secret_hash, role, created_at) VALUES ($1, $2, $3, $4)', [
      input.name,
      hashSecret(secret),
      input.role,
      new Date(input.now),
    ]);
    await audit(tx, {
      at: input.now,
      actor: input.actor,
      action: 'token.create',
      target: input.name,
      detail: { role: input.role },
    });
  });
  return { secret };
}

/** Finds who a Bearer secret belongs to. `preset` is the token that the operator set for automation. */
export async function findToken(db: Db, secret: string, preset: string | undefined): Promise<Principal | undefined> {
  if (preset !== undefined && sameSecret(secret, preset)) {
    return { id: 'preset', name: 'preset token', role: 'admin', kind: 'token' };
  }
  const [row] = await db.query<{ id: string; name: string; role: Role }>(
    'SELECT id::text, name, role FROM api_tokens WHERE secret_hash = $1 AND revoked_at IS NULL',
    [hashSecret(secret)],
  );
  return row && { ...row, kind: 'token' };
}
