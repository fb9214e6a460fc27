import type { AccountReview, TokenReview } from '../care/scan/index.ts';
import type { Db } from '../lib/db.ts';

/** Reads the accounts with what a review of access asks for. */
export async function reviewAccounts(db: Pick<Db, 'query'>): Promise<AccountReview[]> {
  const [known] = await db.query<{ passkeys: boolean }>(`SELECT to_regclass('auth.passkey') IS NOT NULL AS passkeys`);
  const passkey = known?.passkeys ? `OR EXISTS (SELECT FROM auth.passkey p WHERE p."userId" = u.id)` : '';
  return db.query<AccountReview>(
    `SELECT u.id, u.email, u.role, extract(epoch FROM u."createdAt")::float8 * 1000 AS "createdAt",
       extract(epoch FROM (SELECT max(s."updatedAt") FROM auth.session s WHERE s."userId" = u.id))::float8 * 1000
         AS "lastSeenAt",
       (coalesce(u."twoFactorEnabled", false) ${passkey}) AS "secondFactor"
     FROM auth."user" u ORDER BY u.email`,
  );
}

/** Reads the API tokens with what a review of access asks for. */
export function reviewTokens(db: Pick<Db, 'query'>): Promise<TokenReview[]> {
  const ms = (column: string, name: string) => `extract(epoch FROM ${column})::float8 * 1000 AS "${name}"`;
  return db.query<TokenReview>(
    `SELECT id::text, name, role, ${ms('created_at', 'createdAt')}, ${ms('expires_at', 'expiresAt')},
       ${ms('last_used_at', 'lastUsedAt')}, ${ms('revoked_at', 'revokedAt')} FROM api_tokens ORDER BY api_tokens.id`,
  );
}
