// Both engines with the rows of the bench, loaded anew or kept from an earlier run.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { createLog, startEmbeddedChdb, startEmbeddedPostgres, systemClock } from 'yumops/engines';
import { daysToFill, fillDerived } from '../../packages/server/dist/observe/analyses/index.js';
import { connectTelemetry, migrateTelemetry } from '../../packages/server/dist/store/telemetry/index.js';
import { clickhouseInsert, POSTGRES_INDEXES, POSTGRES_TABLE, POSTGRES_WORDS, postgresInsert } from './rows.mjs';

/** Rows that are inserted at once. */
export const CHUNK = 1_000_000;

const seconds = (since) => Math.round((performance.now() - since) / 1_000);
const log = createLog(systemClock, (line) => process.stderr.write(line), 'warn');

/**
 * Opens both engines with their rows in `folder`. A folder that is empty or absent is filled; kept rows of Postgres may be
 * left out.
 * @param wanted rows of the log, and of Postgres: the newest when they are fewer; 0 leaves Postgres out
 * @param stops takes what must be called in the end, the last first
 * @returns also the address of the platform's store, and when the last row was written, ms since the epoch
 */
export async function openStores(folder, wanted, stops) {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const note = join(folder, 'loaded.json');
  const names = await readdir(folder);
  if (names.length > 0 && !names.includes('loaded.json')) {
    throw new Error(
      `${folder} is neither empty nor a folder that this bench filled to its end: name another, or remove it.`,
    );
  }
  const kept = names.length > 0 ? JSON.parse(await readFile(note, 'utf8')) : undefined;
  const asked = { ...wanted, end: kept?.end ?? Date.now() - 1_000 };
  if (kept && (kept.rows !== wanted.rows || ![0, kept.postgresRows].includes(wanted.postgresRows))) {
    throw new Error(`${folder} holds ${kept.rows} rows, ${kept.postgresRows} of them in Postgres: ask for as many.`);
  }
  const { telemetry, url } = await openClickhouse(join(folder, 'chdb'), asked, kept === undefined, stops);
  const postgres =
    asked.postgresRows > 0 ? await openPostgres(join(folder, 'postgres'), asked, kept === undefined, stops) : undefined;
  if (!kept) await writeFile(note, JSON.stringify(asked));
  return { telemetry, url, postgres, kept: kept !== undefined, end: asked.end };
}

async function openClickhouse(dataDir, { rows, end }, empty, stops) {
  const engine = await startEmbeddedChdb({ dataDir, clock: systemClock, log });
  stops.push(() => engine.stop());
  const telemetry = connectTelemetry(engine.url);
  stops.push(() => telemetry.close());
  // What was kept may be of before a migration.
  await migrateTelemetry(telemetry);
  for (const due of await daysToFill(telemetry)) await fillDerived(telemetry, due);
  const since = performance.now();
  for (let from = 0; empty && from < rows; from += CHUNK) {
    const count = Math.min(CHUNK, rows - from);
    await telemetry.command(clickhouseInsert({ from, count, rows, end }));
    told(`${(from + count).toLocaleString('en')} rows in the platform's store, ${seconds(since)} s`);
  }
  return { telemetry, url: engine.url };
}

/** The same rows, and what a careful operator would index. */
async function openPostgres(dataDir, asked, empty, stops) {
  const engine = await startEmbeddedPostgres({
    dataDir,
    clock: systemClock,
    log,
    settings: {
      fsync: 'off',
      shared_buffers: '2GB',
      maintenance_work_mem: '1GB',
      work_mem: '256MB',
      max_wal_size: '8GB',
    },
  });
  stops.push(() => engine.stop());
  const client = new pg.Client({ connectionString: engine.url });
  await client.connect();
  stops.push(() => client.end());
  if (empty) await loadPostgres(client, asked);
  const { rowCount } = await client.query('SELECT FROM application_logs LIMIT 1');
  if (rowCount === 0) throw new Error('Postgres emptied its unlogged rows after a stop out of order: load them again.');
  return { client, rows: asked.postgresRows };
}

async function loadPostgres(client, { rows, postgresRows, end }) {
  await client.query(POSTGRES_TABLE);
  const since = performance.now();
  for (let loaded = 0; loaded < postgresRows; ) {
    const upTo = rows - loaded;
    const from = Math.max(rows - postgresRows, upTo - CHUNK);
    await client.query(postgresInsert({ from, count: upTo - from, rows, end }));
    loaded += upTo - from;
    told(`${loaded.toLocaleString('en')} rows in Postgres, ${seconds(since)} s`);
  }
  for (const index of [...POSTGRES_INDEXES, POSTGRES_WORDS]) await client.query(index);
  told(`with indexes after ${seconds(since)} s`);
  // A server that stops in order writes its unlogged rows out; it does so before anything is measured.
  await client.query('VACUUM (ANALYZE) application_logs');
  await client.query('CHECKPOINT');
}

const told = (text) => process.stdout.write(`  ${text}\n`);

/** Until neither engine works on what was loaded; an engine that is still at it after ten minutes is measured so, and said. */
export async function settled({ telemetry, postgres }) {
  const since = performance.now();
  for (let quiet = 0; quiet < 3 && seconds(since) < 600; ) {
    const [{ merges }] = await telemetry.query('SELECT count() AS merges FROM system.merges');
    const vacuums = postgres
      ? (await postgres.client.query('SELECT count(*)::int AS n FROM pg_stat_progress_vacuum')).rows[0].n
      : 0;
    quiet = merges + vacuums === 0 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return seconds(since);
}
