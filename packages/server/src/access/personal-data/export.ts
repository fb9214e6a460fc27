import type { Db } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { quoteName } from '../../lib/sql-quote.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';

const HOUR_MS = 3_600_000;
const STATE_PAGE = 5_000;

/** Columns that open something; an export has their names without them. */
const SECRETS = /secret|password|token|hash|credential|backup_?codes/i;

/** What an export is made of. */
export interface ExportContents {
  /** Relations of the telemetry store, as users' SQL sees them. */
  telemetry: string[];
  /** Tables of the state store. */
  state: string[];
}

/** @param relations names of the relations that users' SQL sees */
export async function listExport(db: Db, relations: readonly string[]): Promise<ExportContents> {
  const rows = await db.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  return { telemetry: relations.toSorted(), state: rows.map(({ name }) => name) };
}

/** Milliseconds of a time, also where the relation keeps whole seconds. */
const ms = (sql: string) => `toUnixTimestamp64Milli(toDateTime64(${sql}, 3))`;

/** The rows of a relation as lines of JSON, hour by hour, so that memory holds one hour. */
export async function* exportTelemetry(telemetry: TelemetryStore, relation: string): AsyncGenerator<string> {
  const [column] = await telemetry.query<{ name: string }>(
    `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {relation:String}
     AND name IN ('timestamp', 'startTimestamp') ORDER BY name DESC LIMIT 1`,
    { relation },
  );
  if (column === undefined) {
    yield lines(await telemetry.query(`SELECT * FROM \`${relation}\``));
    return;
  }
  const [range] = await telemetry.query<{ first: number; last: number; rows: number }>(
    `SELECT ${ms(`min(\`${column.name}\`)`)} AS first, ${ms(`max(\`${column.name}\`)`)} AS last, count() AS rows
     FROM \`${relation}\``,
  );
  if (!range || range.rows === 0) return;
  for (let from = range.first; from <= range.last; from += HOUR_MS) {
    const rows = await telemetry.query(
      `SELECT * FROM \`${relation}\` WHERE \`${column.name}\` >= fromUnixTimestamp64Milli({from:Int64})
         AND \`${column.name}\` < fromUnixTimestamp64Milli({to:Int64})`,
      { from, to: from + HOUR_MS },
    );
    if (rows.length > 0) yield lines(rows);
  }
}

/**
 * The rows of a table of the state store as lines of JSON, with what opens something left out.
 * @throws YumOpsError `unknown_table` (404)
 */
export async function* exportState(db: Db, table: string): AsyncGenerator<string> {
  const columns = await db.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`,
    [table],
  );
  if (columns.length === 0) throw new YumOpsError('unknown_table', `There is no table "${table}".`, { status: 404 });
  const shown = columns
    .map(({ name }) => (SECRETS.test(name) ? `'[secret]' AS ${quoteName(name)}` : quoteName(name)))
    .join(', ');
  for (let page = 0; ; page += 1) {
    const rows = await db.query(
      `SELECT ${shown} FROM ${quoteName(table)} ORDER BY ctid LIMIT ${STATE_PAGE} OFFSET ${page * STATE_PAGE}`,
    );
    if (rows.length > 0) yield lines(rows);
    if (rows.length < STATE_PAGE) return;
  }
}

function lines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
