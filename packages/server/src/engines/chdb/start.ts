import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { randomHex } from '../../lib/random.ts';
import { startInLockedHome } from '../locked-home.ts';
import { engineUser } from '../os-user.ts';
import { placeData } from '../placement.ts';
import { type EngineHandle, endProcess, Supervisor } from '../supervisor.ts';
import type { ChildReport, ChildStart } from './child/main.ts';
import { chdbPackage } from './platform.ts';

export interface EmbeddedChdbOptions {
  /** The engine's folder; created when it is not there. */
  dataDir: string;
  /** Bytes that the engine may use, default 1.5 GB. */
  maxMemory?: number;
  clock: Clock;
  log: Log;
}

const USER = 'yumops';
const DATABASE = 'yumops';
/** Milliseconds; opening a large store takes well under a second. */
const START_LIMIT = 60_000;

/**
 * Starts the embedded telemetry engine: chDB in a process of its own that speaks ClickHouse's HTTP protocol on a free
 * port of the loopback address, and keeps it running. The `url` names user, password and database.
 * @throws {YumOpsError} `engine_in_use`, `telemetry_engine_unavailable`, `telemetry_engine_failed`
 */
export async function startEmbeddedChdb(options: EmbeddedChdbOptions): Promise<EngineHandle> {
  const { dataDir: home, clock, maxMemory = 1_500_000_000 } = options;
  const log = options.log.child('chdb');
  const packageName = chdbPackage();
  return startInLockedHome(home, 'chDB', async () => {
    const osUser = engineUser();
    const start: ChildStart = {
      dataDir: await placeData(home, osUser),
      packageName,
      connectionArgs: memoryArgs(maxMemory),
      maxStatementMemory: Math.round(maxMemory / 2),
      database: DATABASE,
      user: USER,
      password: randomHex(24),
      port: 0,
      ...(osUser ? { osUser } : {}),
    };
    const supervisor = await Supervisor.start({
      name: 'chDB',
      async launch() {
        const { child, port } = await launchChild(start, clock, log);
        start.port = port;
        return child;
      },
      quit: (child) => child.send('stop'),
      probe,
      grace: 15_000,
      clock,
      log,
    });
    return { supervisor, url: `http://${USER}:${start.password}@127.0.0.1:${start.port}/${DATABASE}` };
  });
}

/** The engine's own defaults are shares of the whole machine. */
function memoryArgs(maxMemory: number): string[] {
  return [`--max_server_memory_usage=${maxMemory}`, '--mark_cache_size=67108864'];
}

async function launchChild(start: ChildStart, clock: Clock, log: Log): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(childEntry(), [], {
    cwd: start.dataDir,
    env: { HOME: start.dataDir, TZ: 'UTC', UV_THREADPOOL_SIZE: '12', UV_USE_IO_URING: '0', MALLOC_ARENA_MAX: '2' },
    // The process is native code nearly all through: little for JavaScript's young objects and malloc's arenas.
    execArgv: ['--max-semi-space-size=4'],
    // The engine takes what it finds on standard input for rows of an INSERT.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const passOn = (chunk: Buffer) => log.warn(chunk.toString().trim());
  child.stdout?.on('data', passOn);
  child.stderr?.on('data', passOn);
  const timer = clock.after(START_LIMIT, () => child.kill('SIGKILL'));
  try {
    const report = await firstReport(child, start);
    if (report.kind !== 'ready') throw failure(report.kind === 'failed' ? report.message : 'it answered out of turn');
    log.info('chDB is ready', { version: report.version, pid: child.pid, repaired: report.repaired });
    return { child, port: report.port };
  } catch (error) {
    await endProcess(child, () => child.kill('SIGKILL'), START_LIMIT, clock);
    throw error;
  } finally {
    timer.cancel();
  }
}

function firstReport(child: ChildProcess, start: ChildStart): Promise<ChildReport> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(failure(`its process ended (${signal ?? `code ${code}`})`)));
    child.once('message', (report) => resolve(report as ChildReport));
    child.send(start);
  });
}

/** Asks the engine itself, past all waiting statements. */
function probe(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    child.send('probe', (error) => error && reject(error));
  });
}

function failure(reason: string): YumOpsError {
  return new YumOpsError('telemetry_engine_failed', `chDB did not start: ${reason}`);
}

/** The built program, also when this file runs from its source. */
function childEntry(): string {
  const beside = fileURLToPath(new URL('./child/main.js', import.meta.url));
  return existsSync(beside) ? beside : beside.replace('/src/engines/', '/dist/engines/');
}
