import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { commandOf } from '../../lib/process-identity.ts';
import type { OsUser } from '../os-user.ts';
import { endProcess } from '../supervisor.ts';
import type { PostgresBinaries } from './binaries.ts';

const PID_FILE = 'postmaster.pid';
/** Milliseconds between two looks at the server's state; it tells it by a file. */
const LOOK_EVERY = 10;
/** Milliseconds; crash recovery of a large write-ahead log is part of a start. */
const START_LIMIT = 10 * 60_000;
const STOP_LIMIT = 60_000;

export interface PostmasterOptions {
  binaries: PostgresBinaries;
  dataDir: string;
  settings: Readonly<Record<string, string | number>>;
  user: OsUser | undefined;
  /** Milliseconds until a server that is not ready counts as failed. */
  startLimit?: number;
  /** Ends the start, and with it the server. */
  signal?: AbortSignal | undefined;
  clock: Clock;
  log: Log;
}

/** Starts the server; resolves when it takes connections. */
export async function launchPostmaster(options: PostmasterOptions): Promise<ChildProcess> {
  const { binaries, dataDir, settings, user, clock, log } = options;
  await stopLeftServer(dataDir, clock, log);
  const args = ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const [program, programArgs] = endingWithParent(binaries.postgres, args);
  const child = spawn(program, programArgs, {
    ...user,
    cwd: dataDir,
    env: { ...binaries.env, TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C is for the platform, which stops the server when it is done with it.
    detached: true,
  });
  const output = followOutput(child, log);
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', () =>
      reject(new YumOpsError('postgres_start_failed', `PostgreSQL did not start: ${output().trim()}`)),
    );
  });
  failed.catch(() => undefined);
  try {
    await Promise.race([untilReady(child, options), failed]);
  } catch (error) {
    await endProcess(child, () => child.kill('SIGINT'), STOP_LIMIT, clock);
    throw error;
  }
  return child;
}

/** A fast shutdown: sessions are ended, everything is written. */
export function quitPostmaster(child: ChildProcess): void {
  child.kill('SIGINT');
}

/**
 * Lets the kernel shut the server down when the platform dies. Elsewhere, and in the moment between fork and exec,
 * the next start finds the orphan and stops it.
 */
function endingWithParent(program: string, args: readonly string[]): [string, string[]] {
  const setpriv = '/usr/bin/setpriv';
  return existsSync(setpriv) ? [setpriv, ['--pdeathsig', 'INT', program, ...args]] : [program, [...args]];
}

async function untilReady(
  child: ChildProcess,
  { dataDir, startLimit = START_LIMIT, signal, clock }: PostmasterOptions,
): Promise<void> {
  const limit = clock.monotonic() + startLimit;
  while (clock.monotonic() < limit) {
    signal?.throwIfAborted();
    const lines = await pidFile(dataDir);
    if (Number(lines?.[0]) === child.pid && lines?.[7]?.trim() === 'ready') return;
    await clock.sleep(LOOK_EVERY);
  }
  throw new YumOpsError(
    'postgres_start_failed',
    `PostgreSQL in ${dataDir} was not ready within ${startLimit / 60_000} minutes.`,
  );
}

/**
 * Stops a server that outlived a killed platform and still runs on data that are ours: we hold the folder's lock, or the
 * platform is known to be dead, so nobody needs it. It is stopped cleanly. A stale file whose number belongs to some other program now is removed, because the new
 * server would take that program for its predecessor.
 */
export async function stopLeftServer(dataDir: string, clock: Clock, log: Log): Promise<void> {
  const pid = Number((await pidFile(dataDir))?.[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const command = commandOf(pid);
  if (command === undefined) return;
  if (!command.includes('postgres') || !`${command} `.includes(`-D ${dataDir} `)) {
    await rm(join(dataDir, PID_FILE), { force: true });
    return;
  }
  log.warn('Stopping a PostgreSQL server that an earlier run left behind', { pid });
  const limit = clock.monotonic() + STOP_LIMIT;
  askToStop(pid);
  while (commandOf(pid) === command) {
    if (clock.monotonic() > limit) {
      throw new YumOpsError('postgres_orphan', `PostgreSQL process ${pid} of an earlier run does not end.`, {
        hint: `End process ${pid} and start again.`,
      });
    }
    await clock.sleep(LOOK_EVERY);
  }
}

/** The kernel has told an orphan already that its parent is gone; it may end at this moment. */
function askToStop(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function pidFile(dataDir: string): Promise<string[] | undefined> {
  try {
    return (await readFile(join(dataDir, PID_FILE), 'utf8')).split('\n');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What an operator should see; FATAL alone is not: it ends a session, such as one with a wrong password. */
const TROUBLE = /PANIC:|terminated by signal|out of memory|No space left|could not (write|fsync|extend)/;

/** Passes the server's own messages on. @returns a reader of the last of them */
function followOutput(child: ChildProcess, log: Log): () => string {
  const tail: string[] = [];
  let rest = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      tail.push(line);
      if (tail.length > 20) tail.shift();
      log[TROUBLE.test(line) ? 'warn' : 'debug'](line);
    }
  });
  return () => tail.join('\n');
}
