import type { TokenItem } from '@yumops/protocol';
import type { InstallationRole, Principal } from '../http/access.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import { audit } from './audit.ts';
import { type Grants, readProjectRoles } from './project-roles.ts';
import { hashSecret, newSecret, sameSecret } from './secret.ts';

/** The last use is written down so often at most. */
const USE_RESOLUTION = '1 minute';

/** What a token is made for. */
export interface TokenRequest extends Grants {
  name: string;
  /** First parts of the API's paths that it reaches (`alerts`, `logs`, …); null = all that the role allows. */
  resources: readonly string[] | null;
  /** Milliseconds since the epoch; null = until it is revoked. */
  expiresAt: number | null;
}

/** Makes an API token. The secret is shown once and stored as a hash. */
export async function createToken(
  db: Db,
  input: TokenRequest & { actor: string; now: number },
): Promise<{ id: string; secret: string }> {
  const secret = newSecret();
  const { name, role, projects, resources, expiresAt, actor, now } = input;
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO api_tokens (name, secret_hash, role, resources, expires_at, created_at, created_by, projects)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id::text`,
      [name, hashSecret(secret), role, resources, expiresAt && new Date(expiresAt), new Date(now), actor, projects],
    );
    const detail = { role, projects, resources, expiresAt: expiresAt && new Date(expiresAt).toISOString() };
    await audit(tx, { at: now, actor, action: 'token.create', target: name, detail });
    return { id: row?.id as string, secret };
  });
}

/** Finds who a Bearer secret belongs to, and notes the use. `preset` is the token that the operator set for automation. */
export async function findToken(
  db: Db,
  secret: string,
  preset: string | undefined,
  now: number,
): Promise<Principal | undefined> {
  if (preset !== undefined && sameSecret(secret, preset)) {
    return { id: 'preset', name: 'preset token', role: 'admin', kind: 'token' };
  }
  const [row] = await db.query<Pick<TokenRow, 'id' | 'name' | 'resources'> & Stored & { unused: boolean }>(
    `SELECT id::text, name, role, resources, projects,
       coalesce(last_used_at < $2::timestamptz - interval '${USE_RESOLUTION}', true) AS unused
     FROM api_tokens WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)`,
    [hashSecret(secret), new Date(now)],
  );
  if (row === undefined) return undefined;
  if (row.unused) {
    await db.query('UPDATE api_tokens SET last_used_at = $2 WHERE id = $1::bigint', [row.id, new Date(now)]);
  }
  const { id, name, role, resources } = row;
  const projects = readProjectRoles(row.projects);
  return { id, name, role, kind: 'token', ...(resources && { resources }), ...(projects && { projects }) };
}

/** All tokens, the newest first; revoked ones stay in the list for what they did. */
export async function listTokens(db: Db): Promise<TokenItem[]> {
  const rows = await db.query<Record<'createdAt' | 'expiresAt' | 'lastUsedAt' | 'revokedAt', Date | null> & TokenRow>(
    `SELECT id::text, name, role, resources, projects, created_at AS "createdAt", created_by AS "createdBy",
       expires_at AS "expiresAt", last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"
     FROM api_tokens ORDER BY api_tokens.id DESC LIMIT 1000`,
  );
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  return rows.map((row) => ({
    ...row,
    projects: readProjectRoles(row.projects) ?? {},
    createdAt: iso(row.createdAt) as string,
    expiresAt: iso(row.expiresAt),
    lastUsedAt: iso(row.lastUsedAt),
    revokedAt: iso(row.revokedAt),
  }));
}

/** Roles as they are stored. */
interface Stored {
  role: InstallationRole;
  projects: unknown;
}

type TokenRow = Pick<TokenItem, 'id' | 'name' | 'role' | 'resources' | 'createdBy' | 'projects'>;

/**
 * Revokes a token at once.
 * @throws YumOpsError `token_not_found` (404), also for one that is revoked already
 */
export async function revokeToken(db: Db, input: { id: string; actor: string; now: number }): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx.query<{ name: string }>(
      'UPDATE api_tokens SET revoked_at = $2 WHERE id = $1::bigint AND revoked_at IS NULL RETURNING name',
      [input.id, new Date(input.now)],
    );
    if (row === undefined) {
      throw new YumOpsError('token_not_found', `There is no token ${input.id} that could be revoked.`, {
        hint: '`yumops token list` shows them.',
        status: 404,
      });
    }
    await audit(tx, { at: input.now, actor: input.actor, action: 'token.revoke', target: row.name });
  });
}
