import 'server-only';
import { unlink } from 'node:fs/promises';
import { type Client, escapeIdentifier } from 'pg';
import { photoPath } from '@/lib/photos/folder';

/** Small enough that no batch holds its locks for long. */
const BATCH = 500;

interface Policy {
  table: string;
  column: string;
  days: number;
}

/** Removes the rows that are older than the policy allows, batch by batch. @returns how many */
export async function removeExpired(client: Client, { table, column, days }: Policy): Promise<number> {
  const target = escapeIdentifier(table);
  const age = escapeIdentifier(column);
  let removed = 0;
  for (;;) {
    const { rowCount } = await client.query(
      `DELETE FROM ${target} WHERE id IN (
         SELECT id FROM ${target} WHERE ${age} < now() - make_interval(days => $1) ORDER BY ${age} LIMIT ${BATCH})`,
      [days],
    );
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < BATCH) return removed;
  }
}

/** Removes abandoned uploads: first the file, then its row, so that a crash in between leaves work, not litter. */
export async function removeExpiredUploads(client: Client, days: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rows } = await client.query<{ id: string; path: string }>(
      `SELECT id, path FROM temporary_uploads
       WHERE created_at < now() - make_interval(days => $1) ORDER BY created_at LIMIT ${BATCH}`,
      [days],
    );
    if (rows.length === 0) return removed;
    await Promise.all(rows.map((row) => removeFile(photoPath(row.path))));
    await client.query('DELETE FROM temporary_uploads WHERE id = ANY ($1::UUID[])', [rows.map((row) => row.id)]);
    removed += rows.length;
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
