import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BackupDatabase, ClientPrograms, PostgresClient, RestoreOptions } from '../../care/backup/index.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import { CONTENTS, clientEnvironment, sweepLeft } from './client-environment.ts';
import type { PostgresDatabase } from './connect.ts';
import { choosePrograms, type FoundPrograms, findPrograms } from './find-programs.ts';
import { isTooOldFor, withoutSetting } from './older-server.ts';

/** Characters of what a program says that are kept: its last words say why it ended. */
const MOST_WORDS = 8_000;

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  words: string;
}

/** A program that runs, and the promise of its end. It never stays behind. */
interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

function start(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  secret: string,
  passwordFile?: number,
): Running {
  const more = passwordFile === undefined ? [] : [passwordFile];
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe', ...more] });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-MOST_WORDS);
  });
  // What ends early does not read its input to the end.
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, words: messageOf(error) }));
    child.once('close', (code, signal) => {
      resolve({ code, signal, words: secret === '' ? words.trim() : words.trim().replaceAll(secret, '[secret]') });
    });
  });
  return { child, ended };
}

function refuseBadEnd(code: string, program: string, { code: exit, signal, words }: Ended): void {
  if (exit === 0) return;
  const how =
    signal === null ? (exit === null ? 'could not be started' : `ended with ${exit}`) : `was killed (${signal})`;
  const said = words === '' ? '' : `: ${lastLines(words)}`;
  throw new YumOpsError(code, `${program} ${how}${said}`, { status: 502 });
}

/** Errors first: what comes before them is mostly progress. */
function lastLines(words: string): string {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /error|fatal|detail/i.test(line));
  return (errors.length > 0 ? errors : lines).slice(0, 5).join('; ');
}

/** Waits until the system has the bytes, or never will. */
function written(stdin: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => stdin.write(piece, () => resolve()));
}

type RestoreWork = Pick<RestoreOptions, 'args' | 'input' | 'signal'> & {
  programs: ClientPrograms;
  database: BackupDatabase;
};

/** `pg_dump` and `pg_restore` of this machine, and `psql` for servers that these are too new for. */
export class LocalPostgresClient implements PostgresClient {
  readonly #path: string;
  #found: Promise<FoundPrograms[]> | undefined;
  #swept: Promise<void> | undefined;

  /** @param path the search path for programs */
  constructor(path: string | undefined) {
    this.#path = path ?? '';
  }

  async forServer(major: number): Promise<ClientPrograms> {
    const { version, major: own } = await this.#choose(major);
    return { major: own, version };
  }

  async *dump(
    programs: ClientPrograms,
    database: BackupDatabase,
    args: readonly string[],
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const { running, dispose } = await this.#start('pg_dump', programs, database, args);
    const { child, ended } = running;
    child.stdin?.end();
    const stop = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    try {
      signal?.throwIfAborted();
      for await (const piece of child.stdout as Readable) {
        // It is connected: nobody needs the password any more.
        await dispose();
        yield piece as Buffer;
      }
      const end = await ended;
      signal?.throwIfAborted();
      refuseBadEnd('dump_failed', 'pg_dump', end);
    } finally {
      signal?.removeEventListener('abort', stop);
      child.kill('SIGKILL');
      await ended;
      await dispose();
    }
  }

  async restore(programs: ClientPrograms, database: BackupDatabase, options: RestoreOptions): Promise<void> {
    const { args, input, only, signal } = options;
    const folder = only === undefined ? undefined : await mkdtemp(join(tmpdir(), CONTENTS));
    const list = folder === undefined ? [] : [`--use-list=${join(folder, 'list')}`];
    try {
      if (folder !== undefined) await writeFile(join(folder, 'list'), `${(only ?? []).join('\n')}\n`, { mode: 0o600 });
      const work = { programs, database, args: [...args, ...list], input, signal };
      if (await isTooOldFor(programs.major, database)) await this.#restoreByScript(work);
      else await this.#restoreItself(work);
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  }

  async #restoreItself({ programs, database, args, input, signal }: RestoreWork): Promise<void> {
    const { running, dispose } = await this.#start('pg_restore', programs, database, args);
    running.child.stdout?.resume();
    const stop = () => running.child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    try {
      signal?.throwIfAborted();
      await this.#feed(running, input, signal);
    } finally {
      signal?.removeEventListener('abort', stop);
      running.child.kill('SIGKILL');
      await running.ended;
      await dispose();
    }
  }

  /** As `pg_restore` would do it itself, through `psql`: a script that breaks off is never committed. */
  async #restoreByScript({ programs, database, args, input, signal }: RestoreWork): Promise<void> {
    const isPlace = (arg: string) => arg.startsWith('--dbname=');
    const { folder } = await this.#choose(programs.major);
    const toScript = [...args.filter((arg) => !isPlace(arg)), '--file=-'];
    const places = ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', ...args.filter(isPlace)];
    const { running: psql, dispose } = await this.#start('psql', programs, database, places);
    const writer = start(join(folder, 'pg_restore'), toScript, { PATH: this.#path, LC_ALL: 'C' }, '');
    psql.child.stdout?.resume();
    let refused: Ended | undefined;
    void psql.ended.then((end) => {
      if (end.code !== 0) refused = end;
      writer.child.kill('SIGKILL');
    });
    // What psql reads no more is no loss: it has said why.
    const passed = pipeline(withoutSetting(writer.child.stdout as Readable), psql.child.stdin as Writable).catch(
      () => undefined,
    );
    const stop = () => psql.child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await this.#feed(writer, input, signal);
      await passed;
      refuseBadEnd('restore_failed', 'psql', await psql.ended);
    } catch (error) {
      signal?.throwIfAborted();
      if (refused) refuseBadEnd('restore_failed', 'psql', refused);
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      for (const { child } of [writer, psql]) child.kill('SIGKILL');
      await Promise.all([writer.ended, psql.ended, passed]);
      await dispose();
    }
  }

  async contents(
    programs: ClientPrograms,
    input: AsyncIterable<Uint8Array>,
    args: readonly string[] = [],
  ): Promise<string[]> {
    const folder = (await this.#choose(programs.major)).folder;
    const running = start(join(folder, 'pg_restore'), ['--list', ...args], { PATH: this.#path, LC_ALL: 'C' }, '');
    const said: Buffer[] = [];
    running.child.stdout?.on('data', (chunk: Buffer) => said.push(chunk));
    await this.#feed(running, input, undefined);
    return Buffer.concat(said)
      .toString()
      .split('\n')
      .filter((line) => line !== '');
  }

  /** Feeds a program until it wants no more, and judges its end. What the input throws comes first. */
  async #feed(
    { child, ended }: Running,
    input: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const stdin = child.stdin;
    let over = false;
    void ended.then(() => {
      over = true;
    });
    try {
      for await (const piece of input) {
        signal?.throwIfAborted();
        if (over || !stdin?.writable) break;
        // Not only until it takes more: the input may take the piece back when it is asked for the next.
        await Promise.race([written(stdin, piece), ended]);
        if (over) break;
      }
      stdin?.end();
    } catch (error) {
      child.kill('SIGKILL');
      await ended;
      throw error;
    }
    const end = await ended;
    signal?.throwIfAborted();
    refuseBadEnd('restore_failed', 'pg_restore', end);
  }

  async #start(name: string, programs: ClientPrograms, database: BackupDatabase, args: readonly string[]) {
    const { folder } = await this.#choose(programs.major);
    const url = (database as PostgresDatabase).url.reveal();
    this.#swept ??= sweepLeft(systemClock.now());
    await this.#swept;
    const { env, passwordFile, dispose } = await clientEnvironment(url, this.#path);
    const secret = decodeURIComponent(new URL(url).password);
    const running = start(join(folder, name), args, env, secret, passwordFile);
    return { running, dispose };
  }

  async #choose(major: number): Promise<FoundPrograms> {
    this.#found ??= findPrograms(this.#path);
    return choosePrograms(await this.#found, major);
  }
}
