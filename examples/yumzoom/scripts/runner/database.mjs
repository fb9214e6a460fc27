import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createLog, startEmbeddedPostgres, systemClock } from 'yumops/engines';
import { migrate, readSql } from '../database/migrate.mjs';
import { seed } from '../database/seed.mjs';

const SQL = fileURLToPath(new URL('../../database', import.meta.url));
const DATABASE = 'yumzoom';
const ROLES = ['app', 'monitor', 'maintenance', 'backup'];

const SETTINGS = {
  wal_level: 'replica',
  // What the server keeps for the backups at most, while nobody fetches its log.
  max_slot_wal_keep_size: '2GB',
  shared_preload_libraries: 'pg_stat_statements',
  // Statements such as ALTER ROLE … PASSWORD are nobody's reading.
  'pg_stat_statements.track_utility': 'off',
  'pg_stat_statements.max': 1000,
  shared_buffers: '32MB',
  max_connections: 40,
};

/**
 * Starts the site's Postgres 15, brings its schema up to date, and fills it the first time.
 * @param {{ folder: string, log: (line: string) => void }} options
 * @returns {Promise<{ urls: Record<'app' | 'monitor' | 'maintenance' | 'backup', string>, stop(): Promise<void> }>}
 */
export async function startDatabase({ folder, log }) {
  const engineLog = createLog(systemClock, (line) => process.stderr.write(line), 'warn', 'yumzoom');
  const engine = await startEmbeddedPostgres({
    dataDir: folder,
    major: 15,
    clock: systemClock,
    log: engineLog,
    settings: SETTINGS,
  });
  try {
    await createDatabase(engine.url);
    const passwords = await prepareSchema(databaseUrl(engine.url), log);
    const urls = Object.fromEntries(
      ROLES.map((role) => [role, databaseUrl(engine.url, `yumzoom_${role}`, passwords[role])]),
    );
    return { urls, stop: () => engine.stop() };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/** @param {string} serverUrl of the superuser */
async function createDatabase(serverUrl) {
  await withClient(serverUrl, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  });
}

/** @param {string} url @param {(line: string) => void} log */
function prepareSchema(url, log) {
  return withClient(url, async (client) => {
    const migrations = await migrate(client, join(SQL, 'migrations'));
    if (migrations.length > 0) log(`${migrations.length} migrations applied`);
    await client.query(await readSql(join(SQL, 'ownership.sql')));
    if (await seed(client, join(SQL, 'seed', 'seed.sql'))) log('6,000 restaurants seeded');
    return await setPasswords(client);
  });
}

/** New passwords at every start: nobody has to keep them. @param {pg.Client} client */
async function setPasswords(client) {
  const passwords = {};
  for (const role of ROLES) {
    passwords[role] = randomBytes(24).toString('base64url');
    await client.query(`ALTER ROLE yumzoom_${role} PASSWORD ${client.escapeLiteral(passwords[role])}`);
  }
  return passwords;
}

/** @param {string} serverUrl @param {string} [user] @param {string} [password] */
function databaseUrl(serverUrl, user, password) {
  const url = new URL(serverUrl);
  url.pathname = `/${DATABASE}`;
  if (user) url.username = user;
  if (password) url.password = password;
  return url.href;
}

/**
 * @template Result
 * @param {string} url
 * @param {(client: pg.Client) => Promise<Result>} work
 */
async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url, application_name: 'yumzoom runner' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
