import type { TelemetryStore } from '../../lib/telemetry.ts';
import { USER_NAMES, userKey } from '../../observe/ingest/index.ts';

/** Columns that hold nothing but a person's id or address. */
const IDENTITIES = new Set(['userId', 'ip', 'clientIp', 'account', 'email', 'name']);

/** A shorter value stands in texts by chance. */
const SHORTEST_IN_TEXT = 4;

interface Column {
  table: string;
  name: string;
  type: string;
}

/**
 * Deletes, table by table, the rows that have one of the values as an id, as a value of an attribute, or as a word of a
 * text. The parts that held them are rewritten before this resolves.
 * @returns rows removed by table, where there were any
 */
export async function eraseTelemetry(
  telemetry: TelemetryStore,
  values: readonly string[],
): Promise<Record<string, number>> {
  const columns = await telemetry.query<Column>(
    `SELECT c.table AS table, c.name AS name, c.type AS type FROM system.columns c
     JOIN system.tables t ON t.database = c.database AND t.name = c.table
     WHERE c.database = currentDatabase() AND t.engine LIKE '%MergeTree%' ORDER BY c.table, c.position`,
  );
  const removed: Record<string, number> = {};
  for (const table of new Set(columns.map((column) => column.table))) {
    const tests = columns
      .filter((column) => column.table === table)
      .flatMap((column) => values.flatMap((value) => testOf(column, value)));
    if (tests.length === 0) continue;
    const where = tests.join(' OR ');
    const [found] = await telemetry.query<{ n: number }>(`SELECT count() AS n FROM ${name(table)} WHERE ${where}`);
    if (!found || found.n === 0) continue;
    await telemetry.command(`ALTER TABLE ${name(table)} DELETE WHERE ${where} SETTINGS mutations_sync = 2`);
    removed[table] = found.n;
  }
  return removed;
}

function testOf({ name: column, type }: Column, value: string): string[] {
  const at = name(column);
  if (column === 'userKey') return [`${at} IN (${USER_NAMES.map((key) => text(userKey(key, value))).join(', ')})`];
  if (/^Map\(.*String\)$/.test(type)) return [`has(mapValues(${at}), ${text(value)})`];
  if (!/^(LowCardinality\()?(Nullable\()?String/.test(type)) return [];
  if (IDENTITIES.has(column)) return [`${at} = ${text(value)}`];
  if (value.length < SHORTEST_IN_TEXT) return [];
  const literal = value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return [`match(ifNull(toString(${at}), ''), ${text(`(^|[^0-9A-Za-z_.@-])${literal}($|[^0-9A-Za-z_@-])`)})`];
}

/** Mutations take no parameters, so names and texts are written into them. */
function name(text: string): string {
  return `\`${text.replaceAll(/[\\`]/g, '\\$&')}\``;
}

function text(value: string): string {
  return `'${value.replaceAll(/[\\']/g, '\\$&')}'`;
}
