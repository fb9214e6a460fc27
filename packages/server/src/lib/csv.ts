type Cell = string | number | boolean | null;

/**
 * A table as CSV (RFC 4180). Text that a spreadsheet would take for a formula gets a quote before it.
 * @param columns names, and at the same time the keys of the rows
 */
export function toCsv<Key extends string>(columns: readonly Key[], rows: readonly Record<Key, Cell>[]): string {
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}

function cell(value: Cell): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
