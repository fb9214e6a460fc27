import { join } from 'node:path';
import { type AttemptCounter, stateAttempts } from '../access/attempts.ts';
import type { Config } from '../config/index.ts';
import type { Settings } from '../config/settings.ts';
import { startEmbeddedChdb, startEmbeddedPostgres } from '../engines/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Signals } from '../lib/signals.ts';
import { RedisAttempts } from '../store/counters/index.ts';
import { connectState, migrateState, PostgresSignals, type StateStore } from '../store/state/index.ts';
import { type ConnectedTelemetry, connectTelemetry, migrateTelemetry } from '../store/telemetry/index.ts';
import type { Shutdown } from './shutdown.ts';

/** The open stores. */
export interface Stores {
  db: StateStore;
  stateUrl: string;
  telemetry: ConnectedTelemetry;
  /** Whether its data are in our own data folder. */
  telemetryIsEmbedded: boolean;
  counters: Counters;
  /** Words between the instances on one state store. */
  signals: Signals;
}

/** What the instances count together. */
export interface Counters {
  attempts: AttemptCounter;
  /** What keeps a counter store of its own from counting, as a sentence; left out where the state store counts. */
  trouble?: () => Promise<string | null>;
}

export interface StoreContext {
  settings: Settings;
  stores: Config['stores'];
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
}

/** A store is where the environment says, else where the file says, else embedded. */
function externalUrl(fromEnvironment: string | undefined, fromFile: string): string | undefined {
  return fromEnvironment ?? (fromFile === 'embedded' ? undefined : fromFile);
}

/** Opens the state store, embedded or by URL, and brings its schema up to date. */
export async function openState({
  settings,
  stores,
  clock,
  log,
  shutdown,
}: StoreContext): Promise<{ db: StateStore; url: string }> {
  let url = externalUrl(settings.stateUrl, stores.state);
  if (url === undefined) {
    const engine = await startEmbeddedPostgres({ dataDir: join(settings.dataDir, 'postgres'), clock, log });
    shutdown.add('embedded Postgres', () => engine.stop());
    url = engine.url;
  }
  const db = connectState(url, { log });
  shutdown.add('state store', () => db.close());
  await migrateState(db);
  return { db, url };
}

async function openTelemetry({ settings, stores, clock, log, shutdown }: StoreContext): Promise<ConnectedTelemetry> {
  let url = externalUrl(settings.telemetryUrl, stores.telemetry);
  if (url === undefined) {
    const engine = await startEmbeddedChdb({ dataDir: join(settings.dataDir, 'chdb'), clock, log });
    shutdown.add('embedded telemetry engine', () => engine.stop());
    url = engine.url;
  }
  const telemetry = connectTelemetry(url);
  shutdown.add('telemetry store', () => telemetry.close());
  return telemetry;
}

/** Opens the counters: in the state store, or on a Redis server by URL. */
async function openCounters(
  { settings, stores, clock, log, shutdown }: StoreContext,
  db: StateStore,
): Promise<Counters> {
  const url = externalUrl(settings.counterUrl, stores.counters);
  const spare = stateAttempts({ db, clock });
  if (url === undefined) return { attempts: spare };
  const counters = new RedisAttempts(url, { spare, log: log.child('counters') });
  shutdown.add('counter store', () => counters.close());
  await counters.open();
  return { attempts: counters, trouble: () => counters.trouble() };
}

/** Opens both stores side by side, embedded or by URL, and brings their schemas up to date. */
export async function openStores(context: StoreContext): Promise<Stores> {
  const opening = [openState(context), openTelemetry(context)] as const;
  // A store that still opens when the other has failed would be closed by nobody.
  await Promise.allSettled(opening);
  const [state, telemetry] = await Promise.all(opening);
  await migrateTelemetry(telemetry, { db: state.db });
  const { clock, log, shutdown } = context;
  const signals = new PostgresSignals({ url: state.url, db: state.db, clock, log });
  shutdown.add('signals', () => signals.close());
  const counters = await openCounters(context, state.db);
  const telemetryIsEmbedded = externalUrl(context.settings.telemetryUrl, context.stores.telemetry) === undefined;
  return { db: state.db, stateUrl: state.url, telemetry, telemetryIsEmbedded, counters, signals };
}
