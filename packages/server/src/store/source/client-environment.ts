import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Settings of a URL's query that libpq takes from its environment. */
const VARIABLES: Record<string, string> = {
  host: 'PGHOST',
  port: 'PGPORT',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  channel_binding: 'PGCHANNELBINDING',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
};

/** How a program of Postgres finds its server. */
export interface ClientEnvironment {
  env: Record<string, string>;
  /** Removes the password file. */
  dispose(): Promise<void>;
}

/**
 * The environment for `pg_dump` and `pg_restore`. The password goes into a file that only this user can read: command
 * lines are seen by all users of the machine, and an environment by all programs of this one.
 */
export async function clientEnvironment(url: string, path: string | undefined): Promise<ClientEnvironment> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const folder = await mkdtemp(join(tmpdir(), 'yumops-client-'));
  const passfile = join(folder, 'pass');
  const secret = decodeURIComponent(password).replace(/[\\:]/g, '\\$&');
  if (secret !== '') await writeFile(passfile, `*:*:*:*:${secret}\n`, { mode: 0o600 });
  const env: Record<string, string> = {
    PATH: path ?? '',
    LC_ALL: 'C',
    PGAPPNAME: 'yumops backup',
    PGCONNECT_TIMEOUT: '10',
    PGDATABASE: decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username),
  };
  if (secret !== '') env.PGPASSFILE = passfile;
  if (hostname !== '') env.PGHOST = decodeURIComponent(hostname).replace(/^\[|\]$/g, '');
  if (port !== '') env.PGPORT = port;
  if (username !== '') env.PGUSER = decodeURIComponent(username);
  for (const [name, value] of searchParams) {
    const variable = VARIABLES[name];
    if (variable !== undefined) env[variable] = value;
  }
  return { env, dispose: () => rm(folder, { recursive: true, force: true }) };
}
