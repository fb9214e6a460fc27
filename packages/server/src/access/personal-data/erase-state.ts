import type { Queryable } from '../../lib/db.ts';
import { quoteName } from '../../lib/sql-quote.ts';

/** What stands in place of a person. */
const ERASED = '[erased]';

/** Who acted on this platform, and what it needs to work, is not the data of the application's users. */
const KEPT = /^(audit_|api_tokens|ingest_keys|probe_|people|on_?call|schema_|migrations|jobs|job_)/;

interface Column {
  table: string;
  name: string;
  type: string;
}

/**
 * Removes the subject from the state store: rows of detections and blocks about it go; elsewhere a text or a text
 * within JSON that is exactly one of the values is replaced.
 * @returns how many rows it was in, by table
 */
export async function eraseState(tx: Queryable, values: readonly string[]): Promise<Record<string, number>> {
  const columns = await tx.query<Column>(
    `SELECT c.table_name AS table, c.column_name AS name, c.data_type AS type
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
       AND c.data_type IN ('text', 'jsonb') ORDER BY 1, c.ordinal_position`,
  );
  const touched: Record<string, number> = {};
  for (const column of columns) {
    if (KEPT.test(column.table)) continue;
    for (const value of values) {
      const rows = await eraseColumn(tx, column, value);
      if (rows > 0) touched[column.table] = (touched[column.table] ?? 0) + rows;
    }
  }
  return touched;
}

async function eraseColumn(tx: Queryable, column: Column, value: string): Promise<number> {
  const [table, field] = [quoteName(column.table), quoteName(column.name)];
  if (column.type === 'jsonb') {
    const written = JSON.stringify(value);
    const rows = await tx.query(
      `UPDATE ${table} SET ${field} = replace(${field}::text, $1, $2)::jsonb
       WHERE position($1 IN ${field}::text) > 0 RETURNING 1`,
      [written, JSON.stringify(ERASED)],
    );
    return rows.length;
  }
  const statement = column.table.startsWith('security_')
    ? `DELETE FROM ${table} WHERE ${field} = $1 RETURNING 1`
    : `UPDATE ${table} SET ${field} = '${ERASED}' WHERE ${field} = $1 RETURNING 1`;
  return (await tx.query(statement, [value])).length;
}
