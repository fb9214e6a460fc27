import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import type { OsUser } from '../os-user.ts';
import type { PostgresBinaries, PostgresMajor } from './binaries.ts';

/** The superuser of an embedded server. */
export const SUPERUSER = 'yumops';

/**
 * Makes sure that `dataDir` holds a database cluster of this major version.
 * @returns the superuser's password, kept in `home/password` where only the platform can read it
 */
export async function ensureCluster(
  home: string,
  dataDir: string,
  major: PostgresMajor,
  binaries: PostgresBinaries,
  user: OsUser | undefined,
): Promise<string> {
  const passwordFile = join(home, 'password');
  const version = await textOf(join(dataDir, 'PG_VERSION'));
  if (version === undefined) {
    const password = randomHex(24);
    await writeFileAtomic(passwordFile, password);
    await initialise(dataDir, password, binaries, user);
    return password;
  }
  if (Number(version) !== major) {
    throw new YumOpsError('postgres_version', `${dataDir} belongs to PostgreSQL ${version.trim()}, not ${major}.`, {
      hint: 'Start it with the version that made it; data is moved between versions by backup and restore.',
    });
  }
  const password = await textOf(passwordFile);
  if (password !== undefined) return password;
  throw new YumOpsError(
    'postgres_password_missing',
    `The password of the database in ${dataDir} is gone: ${passwordFile} does not exist.`,
    {
      hint: `Restore ${passwordFile} from a backup of the data directory.`,
    },
  );
}

/** initdb beside the final place, then one rename: an interrupted first start leaves nothing half-made. */
async function initialise(
  dataDir: string,
  password: string,
  binaries: PostgresBinaries,
  user: OsUser | undefined,
): Promise<void> {
  // The engine's user may write only in its own folder, so the new cluster is built inside it.
  const building = join(dataDir, 'new');
  const passwordFile = join(dataDir, 'new-password');
  await rm(building, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await mkdir(building, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
  if (user) await Promise.all([building, passwordFile].map((path) => chown(path, user.uid, user.gid)));
  try {
    await runInitdb(building, passwordFile, binaries, user);
  } finally {
    await rm(passwordFile, { force: true });
  }
  const aside = `${dataDir}.new`;
  await rm(aside, { recursive: true, force: true });
  await rename(building, aside);
  await rm(dataDir, { recursive: true });
  await rename(aside, dataDir);
}

async function runInitdb(
  target: string,
  passwordFile: string,
  binaries: PostgresBinaries,
  user: OsUser | undefined,
): Promise<void> {
  const child = spawn(
    binaries.initdb,
    [
      ...['-D', target, '-U', SUPERUSER, '--pwfile', passwordFile, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--data-checksums', '--no-instructions'],
    ],
    { ...user, cwd: target, env: { ...binaries.env, TZ: 'UTC' }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    throw new YumOpsError(
      'postgres_init_failed',
      `PostgreSQL could not create a database in ${target}: ${complaint.trim()}`,
    );
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
