import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Serialises runners that start at once; any constant will do. */
const MIGRATION_LOCK = 7_402_193;

/**
 * The SQL of a file, with psql's `\ir other.sql` lines replaced by that file's text, so that the same files also
 * run under psql.
 * @param {string} path
 * @returns {Promise<string>}
 */
export async function readSql(path) {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const expanded = lines.map((line) => {
    const included = /^\\ir\s+(\S+)\s*$/.exec(line)?.[1];
    return included ? readSql(join(dirname(path), included)) : line;
  });
  return (await Promise.all(expanded)).join('\n');
}

/**
 * Runs the files of `directory` that the table `migrations` does not name yet, in order of their names, each in a
 * transaction of its own.
 * @param {import('pg').Client} client the owner of the schema
 * @param {string} directory
 * @returns {Promise<string[]>} the names that were run now
 * @throws when a file fails, naming it, or when the database has migrations that the directory lacks
 */
export async function migrate(client, directory) {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    await client.query(`CREATE TABLE IF NOT EXISTS migrations (
      name TEXT PRIMARY KEY, executed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())`);
    const { rows } = await client.query('SELECT name FROM migrations');
    const done = new Set(rows.map((row) => row.name));
    const unknown = [...done].filter((name) => !files.includes(name));
    if (unknown.length > 0) throw new Error(`the database is newer than this code: it has ${unknown.join(', ')}`);

    const open = files.filter((file) => !done.has(file));
    for (const file of open) await run(client, directory, file);
    return open;
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  }
}

/** @param {import('pg').Client} client @param {string} directory @param {string} file */
async function run(client, directory, file) {
  const sql = await readSql(join(directory, file));
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query('INSERT INTO migrations (name) VALUES ($1)', [file]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new Error(`migration ${file} failed: ${error.message}`, { cause: error });
  }
}
