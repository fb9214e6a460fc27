import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { YumOpsError } from '../lib/errors.ts';

export interface OsUser {
  uid: number;
  gid: number;
}

/** The system user that engines run as when the platform itself runs as root. */
const NAME = 'yumops';

/**
 * The user that the engines must run as: none of their own when the platform is an ordinary user; else the system
 * user `yumops`, created when the system has `useradd`, else `nobody`. Postgres refuses root, and an engine that
 * runs SQL should read no file that is not its own.
 */
export function engineUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const existing = lookUp(NAME);
  if (existing) return existing;
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME], {
    stdio: 'ignore',
  });
  const user = lookUp(NAME) ?? lookUp('nobody');
  if (user) return user;
  throw new YumOpsError('engine_user_missing', 'The engines need a user other than root, and the system has none.', {
    hint: `Create a system user named ${NAME}, or start the platform as an ordinary user.`,
  });
}

/** The user's ids from `getent` (which knows directory services), else from /etc/passwd. */
function lookUp(name: string): OsUser | undefined {
  const asked = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  const entries =
    asked.status === 0 ? asked.stdout : existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : '';
  const line = entries.split('\n').find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** True when `user` can do `test` (of test(1): `-r`, `-x`, `-w`) with the path; asked of the system itself. */
export function canReach(user: OsUser, test: '-r' | '-w' | '-x', path: string): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'test "$1" "$2"', 'sh', test, path], { ...user, cwd: '/', stdio: 'ignore' }).status ===
    0
  );
}
