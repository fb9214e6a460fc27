import { quoteName } from '../../lib/sql-quote.ts';

/** A table that is read from end to end, as far as advice needs it. */
export interface FilteredTable {
  /** As SQL names it, with schema. */
  table: string;
  /** Without schema and quotes. */
  name: string;
  scans: number;
  rows: number;
  /** Columns with which no index begins, without quotes. */
  columns: string[];
}

/** An index that would serve a statement. */
export interface SuggestedIndex {
  /** queryid of the statement, 64 bits as text. */
  id: string;
  table: string;
  /** Quoted where need be, in the order of the index. */
  columns: string;
  query: string;
  scans: number;
  rows: number;
  /** The statement that makes it. */
  statement: string;
}

/** A statement that gives back more of a table than this is not served by an index. */
const SELECTIVE = 0.05;

const MOST_COLUMNS = 3;

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** A name as it may stand in a statement: quoted, or bare where that means the same. */
function namePattern(name: string): string {
  const quoted = escapeForPattern(quoteName(name));
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? `(?:${quoted}|(?<![\\w"$])${escapeForPattern(name)}(?![\\w"$]))` : quoted;
}

function mentions(query: string, name: string): boolean {
  return new RegExp(namePattern(name), 'i').test(query);
}

/** The columns of a table that a statement compares with a value, those that it compares for equality first. */
function filteredColumns(query: string, columns: readonly string[]): string[] {
  const conditions = query.slice(Math.max(0, query.search(/\bwhere\b/i)));
  const compared = (column: string, operators: string) =>
    new RegExp(`${namePattern(column)}\\s*(?:${operators})\\s*\\(?\\s*(?:ANY\\s*\\(\\s*)?\\$\\d`, 'i').test(conditions);
  const equal = columns.filter((column) => compared(column, '=|\\bIN\\b'));
  if (equal.length > 0) return equal.slice(0, MOST_COLUMNS);
  return columns.filter((column) => compared(column, '<=?|>=?|\\bBETWEEN\\b')).slice(0, 1);
}

/**
 * The index that a statement lacks: its table is read from end to end, it compares columns with which no index begins,
 * and it gives back few of the rows. A statement over several such tables is left to a person.
 */
export function indexFor(
  { id, query, calls, rows }: { id: string; query: string; calls: number; rows: number },
  tables: readonly FilteredTable[],
): SuggestedIndex | undefined {
  if (!/\bwhere\b/i.test(query)) return undefined;
  const meant = tables.filter(({ name }) => mentions(query, name));
  const [table] = meant;
  if (!table || meant.length > 1 || rows / calls > table.rows * SELECTIVE) return undefined;
  const found = filteredColumns(query, table.columns);
  if (found.length === 0) return undefined;
  const columns = found.map(quoteName).join(', ');
  return {
    id,
    table: table.table,
    columns,
    query,
    scans: table.scans,
    rows: table.rows,
    statement: `CREATE INDEX CONCURRENTLY ON ${table.table} (${columns});`,
  };
}
