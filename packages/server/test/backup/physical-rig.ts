import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { BackupKey, BackupKeys, Repository } from '../../src/care/backup/index.ts';
import { recoverable } from '../../src/care/backup/physical/archive-state.ts';
import { backUpPhysically, type PhysicalBackupInput } from '../../src/care/backup/physical/backup-now.ts';
import { WalKeeper } from '../../src/care/backup/physical/keeper.ts';
import {
  type PhysicalRestoreInput,
  type RecoveredCluster,
  recoverCluster,
} from '../../src/care/backup/physical/restore.ts';
import {
  type EngineHandle,
  embeddedRecovery,
  makeScratch,
  type PostgresMajor,
  startEmbeddedPostgres,
} from '../../src/engines/index.ts';
import type { BlobStore } from '../../src/lib/blob.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { connectReplication } from '../../src/store/replication/index.ts';

export const lines: string[] = [];
export const log = createLog(systemClock, (line) => lines.push(line), 'warn');
export const recoveryServer = embeddedRecovery({ clock: systemClock, log });

/** A server that is backed up, and the store that it is backed up to. */
export interface Rig {
  engine: EngineHandle;
  folder: string;
  store: BlobStore;
  repository: Repository;
  keys: BackupKeys;
  input: PhysicalBackupInput;
  /** A connection of the application. */
  app: pg.Client;
  backUp(): ReturnType<typeof backUpPhysically>;
  /** Receives the log until it is stopped. */
  receive(): WalKeeper;
  stop(): Promise<void>;
}

export async function startRig(major: PostgresMajor, settings: Record<string, string | number> = {}): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), `yumops-test-physical-${major}-`));
  const engine = await startEmbeddedPostgres({
    dataDir: join(folder, 'server'),
    major,
    settings: { fsync: 'off', max_slot_wal_keep_size: '1GB', autovacuum: 'off', ...settings },
    clock: systemClock,
    log,
  });
  const store = await openBlobStore(`file:${join(folder, 'blobs')}`, folder);
  const keys = new BackupKeys([BackupKey.create()]);
  const repository = new Repository(store, 'nightly', keys);
  const source = connectReplication('main', engine.url, systemClock);
  const input: PhysicalBackupInput = {
    repository,
    source,
    database: 'main',
    clock: systemClock,
    log,
    madeBy: 'test',
    slotLimit: 1e9,
  };
  const app = await connect(engine.url);
  return {
    engine,
    folder,
    store,
    repository,
    keys,
    input,
    app,
    backUp: () => backUpPhysically(input),
    receive() {
      const keeper = new WalKeeper({ ...input, needBase: () => undefined });
      keeper.start();
      return keeper;
    },
    async stop() {
      await app.end();
      await source.close();
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A folder for what a check puts together. */
export const makeFolder = () => makeScratch('yumops-test-check-');

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * Restores, looks into what was recovered with a client of its server, and stops and discards it.
 * @param input what `recoverCluster` takes, but for the server and the clock
 * @param folder beside it the data directory is made
 */
export async function inRecovered<Found>(
  input: Pick<PhysicalRestoreInput, 'repository' | 'at' | 'baseId'>,
  folder: string,
  look: (client: pg.Client, cluster: RecoveredCluster) => Promise<Found>,
): Promise<Found> {
  const cluster = await recoverCluster({ ...input, server: recoveryServer, clock: systemClock }, folder);
  try {
    const client = await connect(cluster.server.url('yumops', 'postgres'));
    try {
      return await look(client, cluster);
    } finally {
      await client.end();
    }
  } finally {
    await cluster.server.stop();
    await cluster.place.discard();
  }
}

/** Count and hash of all rows of every table of the application. */
export async function hashTables(client: pg.Client): Promise<Record<string, string>> {
  await client.query(`SET timezone = 'UTC'; SET extra_float_digits = 3; SET datestyle = 'ISO'`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const hashes: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: found } = await client.query(
      `SELECT count(*) || '/' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS hash FROM ${name} t`,
    );
    hashes[name] = found[0].hash;
  }
  return hashes;
}

/** The time of the server, ISO with microseconds. */
export async function serverTime({ app }: Rig): Promise<string> {
  const { rows } = await app.query(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`,
  );
  return rows[0].at;
}

/** Waits until a moment could be restored. */
export async function untilRecoverable(rig: Rig, moment: string): Promise<void> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const range = await recoverable(rig.repository, Date.now());
    if (range && range.latest >= moment) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${moment} did not become recoverable`);
}
