import { type BackupDatabase, quoteIdentifier } from '../database.ts';
import type { BackupSource } from '../manifest.ts';
import { makeExtensions } from './extensions.ts';
import { TIES } from './ties.ts';

/** What of an archive of some schemas is restored, and in which order. */
interface ChosenLines {
  body: string[];
  /** What leads to schemas that are not in it; each is left out where that is not there. */
  ties: string[];
  warnings: string[];
}

/**
 * Prepares an empty database for an archive of some schemas, which brings neither extensions nor what leads out of it.
 * @param lines of the archive's contents
 * @param all whether the role that restores is a superuser
 */
export async function prepareSchemas(
  database: BackupDatabase,
  {
    schemas,
    extensions,
    lines,
    all,
  }: {
    schemas: readonly string[];
    extensions: BackupSource['extensions'];
    lines: readonly string[];
    all: boolean;
  },
): Promise<ChosenLines> {
  const warnings = await makeExtensions(database, extensions);
  const connection = await database.connect();
  try {
    const rows = await connection.query<{ name: string }>('SELECT nspname::text AS name FROM pg_catalog.pg_namespace');
    const there = schemas.filter((name) => rows.some((row) => row.name === name));
    const standing: string[] = [];
    for (const name of there) {
      const head = `SCHEMA - ${name} `;
      const line = lines.find((entry) => entry.replace(/^\d+; \d+ \d+ /, '').startsWith(head));
      if (line === undefined) continue;
      standing.push(line);
      const owner = line.slice(line.indexOf(head) + head.length);
      if (all) await connection.query(`ALTER SCHEMA ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(owner)}`);
    }
    const entries = lines.filter((line) => /^\d+; /.test(line) && !standing.includes(line));
    return {
      body: entries.filter((line) => !TIES.test(line)),
      ties: entries.filter((line) => TIES.test(line)),
      warnings,
    };
  } finally {
    await connection.close();
  }
}
