import { messageOf } from '../../../lib/errors.ts';
import { type BackupDatabase, quoteIdentifier } from '../database.ts';
import type { BackupManifest, BackupSource } from '../manifest.ts';
import { inContents, schemasOf } from './contents.ts';

interface Contents {
  manifest: BackupManifest;
  /** Lines of the archive's contents. */
  lines: readonly string[];
  /** Whether the role that restores is a superuser. */
  all: boolean;
}

/** Schemas that every database has. */
const STANDING = new Set(['pg_catalog', 'public', 'information_schema']);

/**
 * Makes the schemas that extensions stand in and the archive does not bring: those that a managed service looks after are
 * left out of it. Who is no superuser can create only extensions that are trusted, and comment on none.
 * @returns the lines to restore, undefined = all, and what is left out, in sentences
 */
export async function prepareExtensions(
  database: BackupDatabase,
  { manifest, lines, all }: Contents,
): Promise<{ only: string[] | undefined; leftOut: string[] }> {
  const extensions = manifest.source?.extensions ?? [];
  const brought = new Set(schemasOf(lines));
  const missing = new Set(
    extensions
      .map(({ schema }) => schema)
      .filter((schema) => !STANDING.has(schema) && !brought.has(inContents(schema))),
  );
  const connection = await database.connect();
  try {
    for (const schema of missing) await connection.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
    if (all) return { only: undefined, leftOut: [] };
    const rows = await connection.query<{ name: string }>(
      `SELECT a.name FROM pg_catalog.pg_available_extensions a
         JOIN pg_catalog.pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
        WHERE v.trusted OR a.installed_version IS NOT NULL`,
    );
    const usable = new Set(rows.map(({ name }) => name));
    const barred = extensions.map(({ name }) => name).filter((name) => !usable.has(name));
    const isBarred = (line: string) =>
      /^\d+; \d+ \d+ COMMENT - EXTENSION /.test(line) ||
      barred.includes(/^\d+; \d+ \d+ EXTENSION - (\S+)/.exec(line)?.[1] ?? '');
    const only = lines.filter((line) => !isBarred(line));
    const leftOut = barred.map((name) => `the extension ${name} was left out: only a superuser can create it`);
    return { only: only.length === lines.length ? undefined : only, leftOut };
  } finally {
    await connection.close();
  }
}

/** Makes the extensions that a part of a database may need, with their schemas. @returns those that cannot be made, in sentences */
export async function makeExtensions(
  database: BackupDatabase,
  extensions: BackupSource['extensions'],
): Promise<string[]> {
  const warnings: string[] = [];
  const connection = await database.connect();
  try {
    for (const { name, schema } of extensions) {
      const [extension, place] = [quoteIdentifier(name), quoteIdentifier(schema)];
      const make = schema === 'pg_catalog' ? '' : `CREATE SCHEMA IF NOT EXISTS ${place};`;
      await connection
        .query(`${make} CREATE EXTENSION IF NOT EXISTS ${extension} SCHEMA ${place}`)
        .catch((error: unknown) => warnings.push(`the extension ${name} was left out: ${messageOf(error)}`));
    }
  } finally {
    await connection.close();
  }
  return warnings;
}
