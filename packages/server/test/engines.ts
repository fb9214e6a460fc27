import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EngineHandle, startEmbeddedChdb, startEmbeddedPostgres } from '../src/engines/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { Log } from '../src/lib/log.ts';
import { randomHex } from '../src/lib/random.ts';
import { readMigrations, schemaFolder } from '../src/store/migrations/migration-files.ts';
import { connectState, type StateStore } from '../src/store/state/connect.ts';
import { migrateState } from '../src/store/state/migrate.ts';
import { type ConnectedTelemetry, connectTelemetry } from '../src/store/telemetry/connect.ts';
import { migrateTelemetry } from '../src/store/telemetry/migrate.ts';

const run = promisify(execFile);

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** A server that may lose everything is a fast one. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', summarize_wal: 'off' };

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
  await seedPostgres(home);
  const engine = await startPostgres(home);
  const db = connectState(engine.url, { log: silent, maxConnections: 10 });
  await migrateState(db);
  return {
    url: engine.url,
    db,
    async stop() {
      await db.close();
      await engine.stop();
      await discard(home);
    },
  };
}

/**
 * A telemetry store for one test file, with its schema: a chDB engine in a folder that `stop` removes, or, when
 * `YUMOPS_TEST_CLICKHOUSE_URL` names a ClickHouse server, a database of its own there.
 */
export async function startTestTelemetry(): Promise<TestTelemetry> {
  const external = process.env.YUMOPS_TEST_CLICKHOUSE_URL;
  if (external !== undefined) return onServer(external);
  const home = await mkdtemp(join(tmpdir(), 'yumops-test-telemetry-'));
  await seed(home, `telemetry-${await checksumOf('telemetry')}`, async (folder) => {
    const engine = await startChdb(folder);
    await (await openTelemetry(engine.url)).close();
    await engine.stop();
  });
  const engine = await startChdb(home);
  const telemetry = await openTelemetry(engine.url);
  return {
    url: engine.url,
    telemetry,
    async stop() {
      await telemetry.close();
      await engine.stop();
      await discard(home);
    },
  };
}

async function onServer(server: string): Promise<TestTelemetry> {
  const name = `yumops_test_${randomHex(6)}`;
  const admin = connectTelemetry(server);
  await admin.command(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = name;
  const telemetry = await openTelemetry(url.href);
  return {
    url: url.href,
    telemetry,
    async stop() {
      await telemetry.close();
      await admin.command(`DROP DATABASE ${name} SYNC`);
      await admin.close();
    },
  };
}

/** Puts an empty database cluster of PostgreSQL 18 into `home`; a copy is faster than initdb. */
export function seedPostgres(home: string): Promise<void> {
  return seed(home, 'postgres-18', async (folder) => (await startPostgres(folder)).stop());
}

function startPostgres(home: string): Promise<EngineHandle> {
  return startEmbeddedPostgres({ dataDir: home, settings: FAST, clock: systemClock, log: silent });
}

function startChdb(home: string): Promise<EngineHandle> {
  return startEmbeddedChdb({ dataDir: home, clock: systemClock, log: silent });
}

async function openTelemetry(url: string): Promise<ConnectedTelemetry> {
  const telemetry = connectTelemetry(url);
  await migrateTelemetry(telemetry);
  return telemetry;
}

async function checksumOf(store: 'state' | 'telemetry'): Promise<string> {
  const migrations = await readMigrations(schemaFolder(store));
  return createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 16);
}

/** Copies an engine's folder that `make` filled once on this machine. */
async function seed(home: string, name: string, make: (folder: string) => Promise<void>): Promise<void> {
  const template = join(tmpdir(), `yumops-test-template-${process.getuid?.() ?? 0}-${name}`);
  if (!existsSync(template)) {
    const building = await mkdtemp(`${template}-`);
    await make(building);
    // Another test file may have been faster.
    await rename(building, template).catch(() => discard(building));
  }
  // Data that had to be put elsewhere belongs to the template alone.
  if (existsSync(join(template, 'data-location'))) return;
  // `cp` keeps the owner, which the servers insist on.
  await run('cp', ['-a', `${template}/.`, home]);
}

/** Removes an engine's folder, and its data where they had to be put elsewhere. */
async function discard(home: string): Promise<void> {
  const moved = await readFile(join(home, 'data-location'), 'utf8').catch(() => undefined);
  if (moved !== undefined) {
    await Promise.all([moved.trim(), `${moved.trim()}-lib`].map((path) => rm(path, { recursive: true, force: true })));
  }
  await rm(home, { recursive: true, force: true });
}
