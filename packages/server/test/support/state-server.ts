import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { randomHex } from '../../src/lib/random.ts';
import { connectState, migrateState, type StateStore } from '../../src/store/state/index.ts';
import { discard, FAST, seedState } from './engine-templates.mjs';

const log = createLog(systemClock, () => undefined);
/** The database that carries the schema; nobody may be connected to it while it is copied. */
const TEMPLATE = 'postgres';

/** A real Postgres with the current schema; every test takes a fresh database of it. */
export interface StateServer {
  /** A new database with the schema, and its address. */
  database(): Promise<{ db: StateStore; url: string }>;
  /** Closes the connections of all databases so far. */
  closeDatabases(): Promise<void>;
  stop(): Promise<void>;
}

export async function startStateServer(): Promise<StateServer> {
  const home = await mkdtemp(join(tmpdir(), 'yumops-state-'));
  await seedState(home);
  const engine = await startEmbeddedPostgres({ dataDir: home, clock: systemClock, log, settings: FAST });
  const urlOf = (name: string) => engine.url.replace(/\/postgres$/, `/${name}`);
  const template = connectState(urlOf(TEMPLATE), { log, maxConnections: 1 });
  await migrateState(template);
  await template.close();
  const admin = connectState(urlOf('template1'), { log, maxConnections: 1 });
  const open: StateStore[] = [];
  return {
    async database() {
      const name = `t${randomHex(6)}`;
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
      const db = connectState(urlOf(name), { log, maxConnections: 6 });
      open.push(db);
      return { db, url: urlOf(name) };
    },
    async closeDatabases() {
      await Promise.all(open.splice(0).map((db) => db.close()));
    },
    async stop() {
      await Promise.all(open.map((db) => db.close()));
      await admin.close();
      await engine.stop();
      await discard(home);
    },
  };
}
