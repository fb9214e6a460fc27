import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EngineHandle, startEmbeddedChdb, startEmbeddedPostgres } from '../src/engines/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { Log } from '../src/lib/log.ts';
import { connectState, type StateStore } from '../src/store/state/connect.ts';
import { migrateState } from '../src/store/state/migrate.ts';
import { type ConnectedTelemetry, connectTelemetry } from '../src/store/telemetry/connect.ts';
import { migrateTelemetry } from '../src/store/telemetry/migrate.ts';

const run = promisify(execFile);

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** A server that may lose everything is a fast one. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', summarize_wal: 'off' };

const TEMPLATE = join(tmpdir(), `yumops-test-postgres-18-${process.getuid?.() ?? 0}`);

export interface TestState {
  url: string;
  db: StateStore;
  stop(): Promise<void>;
}

export interface TestTelemetry {
  url: string;
  telemetry: ConnectedTelemetry;
  stop(): Promise<void>;
}

/** A PostgreSQL server for one test file, with the schema of the state store, in a folder that `stop` removes. */
export async function startTestState(): Promise<TestState> {
  const home = await mkdtemp(join(tmpdir(), 'yumops-test-state-'));
  // `cp` keeps the owner, which the server insists on.
  await run('cp', ['-a', `${await postgresTemplate()}/.`, home]);
  const engine = await startPostgres(home);
  const db = connectState(engine.url, { log: silent, maxConnections: 10 });
  await migrateState(db);
  return {
    url: engine.url,
    db,
    async stop() {
      await db.close();
      await discard(engine, home);
    },
  };
}

/** A chDB engine for one test file, with the schema of the telemetry store, in a folder that `stop` removes. */
export async function startTestTelemetry(): Promise<TestTelemetry> {
  const home = await mkdtemp(join(tmpdir(), 'yumops-test-telemetry-'));
  const engine = await startEmbeddedChdb({ dataDir: home, clock: systemClock, log: silent });
  const telemetry = connectTelemetry(engine.url);
  await migrateTelemetry(telemetry);
  return {
    url: engine.url,
    telemetry,
    async stop() {
      await telemetry.close();
      await discard(engine, home);
    },
  };
}

function startPostgres(home: string): Promise<EngineHandle> {
  return startEmbeddedPostgres({ dataDir: home, settings: FAST, clock: systemClock, log: silent });
}

/** A database that was created once on this machine; a copy is faster than initdb. */
async function postgresTemplate(): Promise<string> {
  if (existsSync(TEMPLATE)) return TEMPLATE;
  const building = await mkdtemp(`${TEMPLATE}-`);
  const engine = await startPostgres(building);
  await engine.stop();
  // Another test file may have been faster.
  await rename(building, TEMPLATE).catch(() => rm(building, { recursive: true }));
  return TEMPLATE;
}

async function discard(engine: EngineHandle, home: string): Promise<void> {
  await engine.stop();
  await rm(home, { recursive: true, force: true });
}
