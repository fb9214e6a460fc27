import type { Queryable } from '../../../lib/db.ts';
import type { Row } from './rows.ts';

/**
 * Sends rows in one statement; all have the same columns.
 * @param key columns of the conflict; existing rows are replaced. Null = rows are only added.
 */
export function writeRows(
  tx: Queryable,
  table: string,
  rows: readonly Row[],
  key: readonly string[] | null,
): Promise<unknown> {
  const first = rows[0];
  if (!first) return Promise.resolve();
  const columns = Object.keys(first);
  const names = columns.join(', ');
  const updates = columns.filter((column) => !key?.includes(column)).map((column) => `${column} = EXCLUDED.${column}`);
  const onConflict = key === null ? '' : `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${updates.join(', ')}`;
  return tx.query(
    `INSERT INTO ${table} (${names}) SELECT ${names} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb) ${onConflict}`,
    [toJson(rows)],
  );
}

/** Rows as a parameter; Postgres cannot store the character NUL. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('\\u0000', '');
}
