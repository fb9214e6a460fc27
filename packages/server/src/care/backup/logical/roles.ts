import { messageOf } from '../../../lib/errors.ts';
import { type BackupConnection, quoteIdentifier, quoteText } from '../database.ts';

/** A role of the server, as it can be made again. */
export interface RoleRecord {
  name: string;
  superuser: boolean;
  inherit: boolean;
  createrole: boolean;
  createdb: boolean;
  login: boolean;
  replication: boolean;
  bypassrls: boolean;
  connectionLimit: number;
  validUntil: string | null;
  /** What the server keeps of the password (SCRAM verifier); null where the role that backs up may not read it. */
  verifier: string | null;
  /** Settings of `ALTER ROLE … SET`, as `name=value`. */
  settings: string[] | null;
  /** Roles that it is a member of. */
  memberOf: string[] | null;
}

/** Roles and what else belongs to a database and is in no dump of it. */
export interface ClusterRecord {
  roles: RoleRecord[];
  /** Whether verifiers of passwords are among them. */
  withPasswords: boolean;
  /** Settings of `ALTER DATABASE … SET`, as `name=value`. */
  databaseSettings: string[];
}

const rolesQuery = (catalog: string, verifier: string) => `
  SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolinherit AS inherit, r.rolcreaterole AS createrole,
         r.rolcreatedb AS createdb, r.rolcanlogin AS login, r.rolreplication AS replication,
         r.rolbypassrls AS bypassrls, r.rolconnlimit AS "connectionLimit", r.rolvaliduntil::text AS "validUntil",
         ${verifier} AS verifier,
         (SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0) AS settings,
         (SELECT array_agg(g.rolname::text ORDER BY g.rolname) FROM pg_catalog.pg_auth_members m
            JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid) AS "memberOf"
    FROM pg_catalog.${catalog} r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname`;

/** Reads all roles of the server; without passwords where they may not be read, as on managed servers. */
export async function readCluster(connection: BackupConnection): Promise<ClusterRecord> {
  const settings = await connection.query<{ setconfig: string[] }>(
    `SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
      WHERE d.datname = current_database() AND s.setrole = 0`,
  );
  const databaseSettings = settings.flatMap(({ setconfig }) => setconfig);
  await connection.query('SAVEPOINT roles');
  try {
    const roles = await connection.query<RoleRecord>(rolesQuery('pg_authid', 'r.rolpassword'));
    return { roles, withPasswords: true, databaseSettings };
  } catch (error) {
    if (!/permission denied/.test(messageOf(error))) throw error;
    await connection.query('ROLLBACK TO SAVEPOINT roles');
    const roles = await connection.query<RoleRecord>(rolesQuery('pg_roles', 'NULL::text'));
    return { roles, withPasswords: false, databaseSettings };
  }
}

/** The statements that make a role which the target does not have. Roles that are there are never changed. */
function statementsOf(role: RoleRecord): string[] {
  const name = quoteIdentifier(role.name);
  const flag = (on: boolean, word: string) => (on ? word : `NO${word}`);
  const words = [
    flag(role.superuser, 'SUPERUSER'),
    flag(role.inherit, 'INHERIT'),
    flag(role.createrole, 'CREATEROLE'),
    flag(role.createdb, 'CREATEDB'),
    flag(role.login, 'LOGIN'),
    flag(role.replication, 'REPLICATION'),
    flag(role.bypassrls, 'BYPASSRLS'),
    `CONNECTION LIMIT ${Math.trunc(role.connectionLimit)}`,
    ...(role.verifier === null ? [] : [`PASSWORD ${quoteText(role.verifier)}`]),
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${quoteText(role.validUntil)}`]),
  ];
  return [`CREATE ROLE ${name} ${words.join(' ')}`, ...settingStatements(`ALTER ROLE ${name}`, role.settings ?? [])];
}

/** `name=value` as statements. Lists such as a search path are kept quoted as the server has them. */
export function settingStatements(head: string, settings: readonly string[]): string[] {
  return settings.map((setting) => {
    const at = setting.indexOf('=');
    const name = setting.slice(0, at);
    const value = setting.slice(at + 1);
    const isList = /^(search_path|temp_tablespaces|.*_preload_libraries|datestyle)$/i.test(name);
    const written = isList && value !== '' ? value : quoteText(value);
    return `${head} SET ${name.split('.').map(quoteIdentifier).join('.')} TO ${written}`;
  });
}

/**
 * Makes the roles that the server lacks, with their memberships.
 * @returns what could not be done, in sentences
 */
export async function restoreRoles(connection: BackupConnection, { roles }: ClusterRecord): Promise<string[]> {
  const rows = await connection.query<{ name: string }>('SELECT rolname::text AS name FROM pg_catalog.pg_roles');
  const there = new Set(rows.map(({ name }) => name));
  const missing = roles.filter(({ name }) => !there.has(name));
  const problems: string[] = [];
  const attempt = async (sql: string, what: string) => {
    try {
      await connection.query(sql);
    } catch (error) {
      problems.push(`${what}: ${messageOf(error)}`);
    }
  };
  for (const role of missing) {
    for (const sql of statementsOf(role)) await attempt(sql, `role ${role.name}`);
  }
  for (const { name, memberOf } of missing) {
    for (const group of memberOf ?? []) {
      await attempt(`GRANT ${quoteIdentifier(group)} TO ${quoteIdentifier(name)}`, `membership of ${name} in ${group}`);
    }
  }
  return problems;
}
