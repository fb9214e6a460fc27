/** A column: its heading and how a row's cell reads. */
export interface Column<Row> {
  heading: string;
  cell(row: Row): string;
  /** Numbers stand right. */
  align?: 'right';
}

/** Rows as text with aligned columns; empty when there are no rows. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const cells = [
    columns.map((column) => column.heading),
    ...rows.map((row) => columns.map((column) => column.cell(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] as string).length)));
  const lines = cells.map((line) =>
    line
      .map((text, index) => {
        const width = widths[index] as number;
        return columns[index]?.align === 'right' ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
