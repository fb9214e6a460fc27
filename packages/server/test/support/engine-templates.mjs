import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedChdb, startEmbeddedPostgres } from '../../dist/engines/index.js';
import { systemClock } from '../../dist/lib/clock.js';
import { readMigrations, schemaFolder } from '../../dist/store/migrations/migration-files.js';
import { connectState, migrateState } from '../../dist/store/state/index.js';
import { connectTelemetry, migrateTelemetry } from '../../dist/store/telemetry/index.js';

const run = promisify(execFile);

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

export const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', summarize_wal: 'off' };

export function seedCluster(home, major = 18) {
  return seed(home, `postgres-${major}`, async (folder) => (await startPostgres(folder, major)).stop());
}

export async function seedState(home) {
  await seed(home, `state-${await checksumOf('state')}`, async (folder) => {
    await seedCluster(folder);
    const engine = await startPostgres(folder);
    const db = connectState(engine.url, { log: silent, maxConnections: 1 });
    await migrateState(db);
    await db.close();
    await engine.stop();
  });
}

export async function seedTelemetry(home) {
  await seed(home, `telemetry-${await checksumOf('telemetry')}`, async (folder) => {
    const engine = await startEmbeddedChdb({ dataDir: folder, clock: systemClock, log: silent });
    const telemetry = connectTelemetry(engine.url);
    await migrateTelemetry(telemetry);
    const replaced = await mergeNotes(telemetry);
    await telemetry.close();
    await engine.stop();
    await Promise.all(replaced.map((path) => rm(path, { recursive: true })));
  });
}

/** Each statement's note is a part of a dozen files, which every copy would copy and open. @returns the folders that one part replaces */
async function mergeNotes(telemetry) {
  await telemetry.command('OPTIMIZE TABLE schema_migrations FINAL');
  const parts = await telemetry.query("SELECT path FROM system.parts WHERE table = 'schema_migrations' AND NOT active");
  return parts.map(({ path }) => path);
}

export async function seedPlatform(data, env = {}) {
  const stores = [
    ['postgres', seedState, env.YUMOPS_STATE_URL],
    ['chdb', seedTelemetry, env.YUMOPS_TELEMETRY_URL],
  ];
  const missing = stores.filter(([name, , elsewhere]) => elsewhere === undefined && !existsSync(join(data, name)));
  await Promise.all(missing.map(([name, seedStore]) => seedStore(join(data, name))));
}

export async function discard(home) {
  const moved = await readFile(join(home, 'data-location'), 'utf8').catch(() => undefined);
  if (moved !== undefined) {
    await Promise.all([moved.trim(), `${moved.trim()}-lib`].map((path) => rm(path, { recursive: true, force: true })));
  }
  await rm(home, { recursive: true, force: true });
}

function startPostgres(home, major) {
  return startEmbeddedPostgres({ dataDir: home, major, settings: { fsync: 'off' }, clock: systemClock, log: silent });
}

async function checksumOf(store) {
  const migrations = await readMigrations(schemaFolder(store));
  return createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 16);
}

/** Copies an engine's folder that `make` filled once on this machine. */
async function seed(home, name, make) {
  const template = join(tmpdir(), `yumops-test-template-${process.getuid?.() ?? 0}-${name}`);
  if (!existsSync(template)) {
    const building = await mkdtemp(`${template}-`);
    await make(building);
    // Another test file may have been faster.
    await rename(building, template).catch(() => discard(building));
  }
  // Data that had to be put elsewhere belongs to the template alone.
  if (existsSync(join(template, 'data-location'))) return;
  // As the platform makes its own folder: the user of the engines passes through.
  await mkdir(dirname(home), { recursive: true, mode: 0o711 });
  await mkdir(home, { recursive: true });
  // `cp` keeps the owner, which the servers insist on.
  await run('cp', ['-a', `${template}/.`, home]);
}
