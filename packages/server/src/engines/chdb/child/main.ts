import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { OsUser } from '../../os-user.ts';
import { repairDeduplicationLogs } from './deduplication-log.ts';
import { Engine } from './engine.ts';
import { createFront } from './front.ts';
import { loadNative } from './native.ts';

/** What the supervisor sends first. */
export interface ChildStart {
  dataDir: string;
  packageName: string;
  connectionArgs: readonly string[];
  database: string;
  user: string;
  password: string;
  /** 0 for any free port. */
  port: number;
  /** Bytes that one statement may use unless it says otherwise. */
  maxStatementMemory: number;
  /** The user to become before the data is touched; absent when the process is an ordinary user already. */
  osUser?: OsUser;
}

export type ChildReport =
  | { kind: 'ready'; port: number; version: string; repaired: number }
  | { kind: 'alive' }
  | { kind: 'failed'; message: string };

/** Limit of a statement that sets none. */
const DEFAULT_SECONDS = '60';

/**
 * The program of the chDB process: it loads the library, gives up root for good, opens the data and serves. It ends
 * when its parent does.
 */
async function main(): Promise<void> {
  // A crash-safe engine and a parent that is gone: nothing is left to say goodbye to.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  const [start] = (await once(process, 'message')) as [ChildStart];
  try {
    report(await serve(start));
  } catch (error) {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.disconnect();
  }
}

async function serve(start: ChildStart): Promise<ChildReport> {
  const native = loadNative(start.packageName);
  if (start.osUser) becomeUser(start.osUser);
  const repaired = await repairDeduplicationLogs(start.dataDir);
  const engine = new Engine(native, start.dataDir, start.connectionArgs);
  const version = await engine.selfCheck();
  await engine.createDatabase(start.database);
  const server = createFront({
    engine,
    user: start.user,
    password: start.password,
    defaults: new Map([
      ['max_execution_time', DEFAULT_SECONDS],
      ['max_memory_usage', String(start.maxStatementMemory)],
    ]),
    onBroken: (error) => {
      process.stderr.write(`${error.message}\n`);
      process.kill(process.pid, 'SIGKILL');
    },
  });
  process.on('message', (message) => {
    // The supervisor takes silence for a failure, and judges by several.
    if (message === 'probe')
      engine.selfCheck().then(
        () => report({ kind: 'alive' }),
        (error: unknown) => process.stderr.write(`${String(error)}\n`),
      );
    if (message !== 'stop') return;
    server.close(() => {
      engine.close();
      process.exit(0);
    });
    server.closeIdleConnections();
  });
  server.listen(start.port, '127.0.0.1');
  await once(server, 'listening');
  return { kind: 'ready', port: (server.address() as AddressInfo).port, version, repaired };
}

/** Irreversible: real, effective and saved ids, and no supplementary groups. */
function becomeUser({ uid, gid }: OsUser): void {
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

function report(message: ChildReport): void {
  process.send?.(message);
}

await main();
