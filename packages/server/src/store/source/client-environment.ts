import { closeSync, constants, existsSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomHex } from '../../lib/random.ts';

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
  /** A descriptor that the program is to get as its fourth; undefined = none. */
  passwordFile: number | undefined;
  /** Takes the password away; what the program has opened it keeps. */
  dispose(): Promise<void>;
}

/** Where Linux shows a program its own descriptors: a file can be opened there again that has no name any more. */
const DESCRIPTORS = '/proc/self/fd';
/** The fourth descriptor of the program. */
const PASSWORD_FILE = 3;

/**
 * The environment for `pg_dump` and `pg_restore`. The password goes into a file: command lines are seen by all users of the
 * machine, and an environment by all programs of this one. On Linux the file has no name when the password comes into it, and so
 * is gone with its last reader, whatever is killed; elsewhere its name is private to this user until the program has connected.
 */
export async function clientEnvironment(url: string, path: string | undefined): Promise<ClientEnvironment> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const env: Record<string, string> = {
    PATH: path ?? '',
    LC_ALL: 'C',
    PGAPPNAME: 'yumops backup',
    PGCONNECT_TIMEOUT: '10',
    PGDATABASE: decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username),
  };
  if (hostname !== '') env.PGHOST = decodeURIComponent(hostname).replace(/^\[|\]$/g, '');
  if (port !== '') env.PGPORT = port;
  if (username !== '') env.PGUSER = decodeURIComponent(username);
  for (const [name, value] of searchParams) {
    const variable = VARIABLES[name];
    if (variable !== undefined) env[variable] = value;
  }
  const secret = decodeURIComponent(password).replace(/[\\:]/g, '\\$&');
  if (secret === '') return { env, passwordFile: undefined, dispose: async () => undefined };
  const line = `*:*:*:*:${secret}\n`;
  return process.platform === 'linux' && existsSync(DESCRIPTORS) ? withoutName(env, line) : withName(env, line);
}

function withoutName(env: Record<string, string>, line: string): ClientEnvironment {
  const name = join(tmpdir(), `${LEFT_BEHIND}${randomHex(8)}`);
  const file = openSync(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  // Before the password is in it: a process that is killed here leaves an empty file.
  unlinkSync(name);
  writeSync(file, line);
  let isOpen = true;
  const dispose = async () => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return { env: { ...env, PGPASSFILE: `${DESCRIPTORS}/${PASSWORD_FILE}` }, passwordFile: file, dispose };
}

async function withName(env: Record<string, string>, line: string): Promise<ClientEnvironment> {
  const folder = await mkdtemp(join(tmpdir(), LEFT_BEHIND));
  const file = join(folder, 'pass');
  await writeFile(file, line, { mode: 0o600 });
  const dispose = () => rm(folder, { recursive: true, force: true });
  return { env: { ...env, PGPASSFILE: file }, passwordFile: undefined, dispose };
}

/** How names of password files begin, also those that earlier versions made. */
const LEFT_BEHIND = 'yumops-client-';
/** How folders begin that hold what a restore is to take of a dump. */
export const CONTENTS = 'yumops-contents-';
/**
 * Milliseconds after which what killed processes left is removed, by how its name begins: no program can still be connecting with
 * such a password, nor still be about to read what it is to restore, which it does first.
 */
const LEFT_AFTER = { [LEFT_BEHIND]: 10 * 60_000, [CONTENTS]: 24 * 3_600_000 };

/** Removes password files and contents of restores that killed processes of this user left. @param now milliseconds since the epoch */
export async function sweepLeft(now: number): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const [, after] = Object.entries(LEFT_AFTER).find(([begin]) => name.startsWith(begin)) ?? [];
    if (after === undefined) continue;
    const path = join(tmpdir(), name);
    const found = await stat(path).catch(() => undefined);
    // Those of others cannot be removed, and are theirs to remove.
    if (found && now - found.mtimeMs > after) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
