import type { MonitoredDatabase } from '../monitored-database.ts';

/** Who works in a database with which rights, and how they come in. */
export interface DatabaseAccess {
  /** Superusers with sessions of clients in this database, but this one. */
  superusers: { role: string; sessions: number }[];
  /** The role that looks. */
  own: { role: string; superuser: boolean };
  /** Of the server: 15. */
  major: number;
  /** `scram-sha-256` or `md5`. */
  passwordEncryption: string;
  /** Sessions from other machines that are not encrypted. */
  remoteWithoutTls: number;
}

/** Our own sessions bear our name; a person's psql is not the application. */
const OF_CLIENTS = `a.backend_type = 'client backend' AND a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND a.application_name NOT LIKE 'yumops%' AND a.application_name NOT IN ('psql', 'pg_dump')`;

const LOCAL = `a.client_addr IS NULL OR a.client_addr <<= '127.0.0.0/8' OR a.client_addr <<= '::1/128'`;

/** Asks a server who works there. */
export async function readAccess(db: MonitoredDatabase): Promise<DatabaseAccess> {
  const superusers = await db.query<{ role: string; sessions: number }>(
    `SELECT r.rolname AS role, count(*)::int AS sessions FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
     WHERE r.rolsuper AND ${OF_CLIENTS} GROUP BY 1 ORDER BY 1`,
  );
  const [facts] = await db.query<{
    role: string;
    superuser: boolean;
    encryption: string;
    plain: number;
    major: number;
  }>(
    `SELECT current_user AS role, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       current_setting('password_encryption') AS encryption,
       current_setting('server_version_num')::int / 10000 AS major,
       (SELECT count(*)::int FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)
        WHERE NOT s.ssl AND NOT (${LOCAL}) AND ${OF_CLIENTS}) AS plain`,
  );
  if (facts === undefined) throw new Error('The server did not say who it is.');
  return {
    superusers,
    own: { role: facts.role, superuser: facts.superuser },
    major: facts.major,
    passwordEncryption: facts.encryption,
    remoteWithoutTls: facts.plain,
  };
}
