import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedChdb, startEmbeddedPostgres } from '../src/engines/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { Log } from '../src/lib/log.ts';
import { randomHex } from '../src/lib/random.ts';
import { connectState, type StateStore } from '../src/store/state/connect.ts';
import { migrateState } from '../src/store/state/migrate.ts';
import { type ConnectedTelemetry, connectTelemetry } from '../src/store/telemetry/connect.ts';
import { migrateTelemetry } from '../src/store/telemetry/migrate.ts';
import { discard, FAST, seedState, seedTelemetry } from './support/engine-templates.mjs';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

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
  await seedState(home);
  const engine = await startEmbeddedPostgres({ dataDir: home, settings: FAST, clock: systemClock, log: silent });
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
  await seedTelemetry(home);
  const engine = await startEmbeddedChdb({ dataDir: home, clock: systemClock, log: silent });
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

async function openTelemetry(url: string): Promise<ConnectedTelemetry> {
  const telemetry = connectTelemetry(url);
  await migrateTelemetry(telemetry);
  return telemetry;
}
