import type { PersonItem, SessionItem } from '@yumops/protocol';
import type pg from 'pg';
import type { InstallationRole } from '../http/access.ts';
import { YumOpsError } from '../lib/errors.ts';
import { type Grants, readProjectRoles } from './project-roles.ts';

/** The accounts as an administrator sees them. */
export interface People {
  list(): Promise<PersonItem[]>;
  /** @param email of one person only; null = everybody's */
  sessions(email: string | null): Promise<SessionItem[]>;
  /**
   * Signs a browser out at once.
   * @param email only if it is this person's; null = anybody's
   * @returns whose it was
   * @throws YumOpsError `session_not_found` (404)
   */
  endSession(id: string, email: string | null): Promise<string>;
  /**
   * Changes what somebody may do.
   * @param next of what they may do now; may throw to refuse
   * @throws YumOpsError `person_not_found` (404), `last_admin` (409)
   */
  changeGrants(email: string, next: (held: Grants) => Grants): Promise<Grants>;
  /** Removes the account and signs it out everywhere. @throws YumOpsError `person_not_found` (404), `last_admin` (409) */
  remove(email: string): Promise<void>;
}

/** @param pool connections whose search path is the schema of the accounts */
export function openPeople(pool: pg.Pool): People {
  return {
    async list() {
      const { rows } = await pool.query<Dated<PersonItem, 'createdAt' | 'lastSeenAt'>>(
        `SELECT u.id, u.email, u.name, u.role, u.projects, u."createdAt", count(s.id)::int AS sessions, max(s."updatedAt") AS "lastSeenAt",
           coalesce(u."twoFactorEnabled", false) AS "secondFactor",
           (SELECT count(*)::int FROM passkey p WHERE p."userId" = u.id) AS passkeys
         FROM "user" u LEFT JOIN session s ON s."userId" = u.id AND s."expiresAt" > now()
         GROUP BY u.id ORDER BY u.email LIMIT 1000`,
      );
      return rows.map((row) => ({
        ...row,
        projects: readProjectRoles(row.projects) ?? {},
        createdAt: row.createdAt?.toISOString() as string,
        lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
      }));
    },
    async sessions(email) {
      const { rows } = await pool.query<Dated<SessionItem, 'createdAt' | 'expiresAt' | 'lastSeenAt'>>(
        `SELECT s.id, u.email, s."createdAt", s."expiresAt", s."updatedAt" AS "lastSeenAt", s."ipAddress" AS ip,
           s."userAgent" FROM session s JOIN "user" u ON u.id = s."userId"
         WHERE s."expiresAt" > now() AND ($1::text IS NULL OR u.email = $1) ORDER BY s."updatedAt" DESC LIMIT 1000`,
        [email],
      );
      return rows.map((row) => ({
        ...row,
        createdAt: row.createdAt?.toISOString() as string,
        expiresAt: row.expiresAt?.toISOString() as string,
        lastSeenAt: row.lastSeenAt?.toISOString() as string,
        ip: row.ip === '' ? null : row.ip,
        userAgent: row.userAgent === '' ? null : row.userAgent,
      }));
    },
    async endSession(id, email) {
      const { rows } = await pool.query<{ email: string }>(
        `DELETE FROM session s USING "user" u
         WHERE s.id = $1 AND u.id = s."userId" AND ($2::text IS NULL OR u.email = $2) RETURNING u.email`,
        [id, email],
      );
      if (rows[0]) return rows[0].email;
      throw new YumOpsError('session_not_found', `There is no session ${id}.`, {
        hint: 'It may have ended already.',
        status: 404,
      });
    },
    async changeGrants(email, next) {
      const grants = await change(pool, email, next);
      return grants as Grants;
    },
    async remove(email) {
      await change(pool, email, () => null);
    },
  };
}

type Dated<Item, Key extends keyof Item> = Omit<Item, Key> & Record<Key, Date | null>;

/** Changes one account, unless nobody would be left who may administer. @param next what it may do then, null = it goes */
async function change(pool: pg.Pool, email: string, next: (held: Grants) => Grants | null): Promise<Grants | null> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    // Two administrators who demote each other at one time must not both succeed.
    const { rows } = await client.query<{ id: string; email: string; role: InstallationRole; projects: unknown }>(
      `SELECT id, email, role, projects FROM "user" WHERE role = 'admin' OR email = $1 ORDER BY id FOR UPDATE`,
      [email],
    );
    const person = rows.find((row) => row.email === email);
    if (person === undefined) {
      throw new YumOpsError('person_not_found', `There is no account for ${email}.`, {
        status: 404,
        hint: '`yumops user list` shows those there are, `yumops user create` makes one.',
      });
    }
    const grants = next({ role: person.role, projects: readProjectRoles(person.projects) ?? {} });
    const { rows: others } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM "user" WHERE role = 'admin' AND id <> $1`,
      [person.id],
    );
    if (grants?.role !== 'admin' && others[0]?.n === 0) {
      throw new YumOpsError('last_admin', `${email} is the only administrator.`, {
        hint: 'Make somebody else an administrator first.',
        status: 409,
      });
    }
    await keep(client, person.id, grants);
    await client.query('COMMIT');
    return grants;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

async function keep(client: pg.PoolClient, id: string, grants: Grants | null): Promise<void> {
  if (grants === null) {
    await client.query('DELETE FROM "user" WHERE id = $1', [id]);
    return;
  }
  const values = [id, grants.role, JSON.stringify(grants.projects)];
  await client.query('UPDATE "user" SET role = $2, projects = $3, "updatedAt" = now() WHERE id = $1', values);
}
