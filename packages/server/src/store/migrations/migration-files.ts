import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One numbered step of a schema: `000010_monitors.sql`. */
export interface Migration {
  number: number;
  name: string;
  sql: string;
  /** SHA-256 of the file, in hex. */
  checksum: string;
}

/** The folder that ships with the package; at the same distance from `src` and from `dist`. */
export function schemaFolder(store: 'state' | 'telemetry'): string {
  return fileURLToPath(new URL(`../../../sql/${store}`, import.meta.url));
}

/** Reads the migrations of a folder, in order. @throws when two files have one number */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const file of (await readdir(folder)).sort()) {
    const match = /^(\d{6})_(.+)\.sql$/.exec(file);
    if (!match?.[1] || !match[2]) continue;
    const sql = await readFile(join(folder, file), 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    migrations.push({ number: Number(match[1]), name: match[2], sql, checksum });
  }
  const twice = migrations.find((migration, index) => migrations[index + 1]?.number === migration.number);
  if (twice) throw new Error(`Two migrations in ${folder} have the number ${twice.number}.`);
  return migrations;
}
