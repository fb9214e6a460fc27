import type {
  ReportChange,
  ReportChart,
  ReportDetail,
  ReportFigure,
  ReportSection,
  ReportTable,
} from '@yumops/protocol';
import { formatAt, formatValue } from '../format.ts';

/** How a report is written as text: with the marks of Markdown, or for a mail that is read as it is. */
interface Style {
  heading(level: 1 | 2 | 3, text: string): string;
  link(text: string, url: string): string;
  table(head: readonly string[], rows: readonly (readonly string[])[], numeric: readonly boolean[]): string;
  bold(text: string): string;
  /** Text that came from elsewhere. */
  text(text: string): string;
}

const pipes = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|');
/** Text that is no mark of Markdown, nor HTML. */
const literal = (text: string) => text.replaceAll(/[\\`*_[\]<>#|~]/g, '\\$&').replaceAll(/\s+/g, ' ');

const MARKDOWN: Style = {
  heading: (level, text) => `${'#'.repeat(level)} ${literal(text)}`,
  link: (text, url) => `[${literal(text)}](${url})`,
  table: (head, rows, numeric) =>
    [
      `| ${head.map(pipes).join(' | ')} |`,
      `|${numeric.map((number) => (number ? '---:' : '---')).join('|')}|`,
      ...rows.map((row) => `| ${row.join(' | ')} |`),
    ].join('\n'),
  bold: (text) => `**${literal(text)}**`,
  text: literal,
};

const UNDERLINES = { 1: '=', 2: '-', 3: '' } as const;
const CELL = 44;

const PLAIN: Style = {
  heading: (level, text) => (level === 3 ? `${text}:` : `${text}\n${UNDERLINES[level].repeat(text.length)}`),
  link: (text) => text,
  table(head, rows, numeric) {
    const all = [head, ...rows].map((row) =>
      row.map((cell) => (cell.length > CELL ? `${cell.slice(0, CELL - 1)}…` : cell)),
    );
    const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
    const line = (row: readonly string[]) =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd();
    return all.map((row) => `  ${line(row)}`).join('\n');
  },
  bold: (text) => text,
  text: (text) => text,
};

/** A report as Markdown, with a link behind every figure. */
export function reportMarkdown(report: ReportDetail): string {
  return `${write(report, MARKDOWN)}\n`;
}

/** A report as text for a mail; the addresses of what is to be done stand on lines of their own. */
export function reportText(report: ReportDetail): string {
  return `${write(report, PLAIN)}\n`;
}

function write(report: ReportDetail, style: Style): string {
  const { comparedWith, timeZone, publicUrl } = report;
  const at = (iso: string) => formatAt(Date.parse(iso), timeZone);
  return [
    style.heading(1, report.title),
    style.text(report.sentence),
    `From ${at(report.from)} to ${at(report.to)}, compared with ${at(comparedWith.from)} to ${at(comparedWith.to)} (${timeZone}).`,
    style.heading(2, 'What to do next'),
    todoText(report, style),
    ...report.sections.flatMap((section) => writeSection(section, style, publicUrl)),
    `${style.link('This report in YumOps', `${publicUrl}/reports/${report.id}`)}${style === PLAIN ? `: ${publicUrl}/reports/${report.id}` : ''}`,
  ].join('\n\n');
}

function todoText({ todo, considered, publicUrl }: ReportDetail, style: Style): string {
  if (todo.length === 0) return `Nothing: of ${considered} observations none asks for anything.`;
  return todo
    .map(({ rank, title, reason, evidence, href }) => {
      const url = `${publicUrl}${href}`;
      return [
        `${rank}. ${style.bold(title)}`,
        `   ${style.text(reason)}`,
        ...evidence.map((line) => `   - ${style.text(line)}`),
        `   ${style === PLAIN ? url : style.link('See it', url)}`,
      ].join('\n');
    })
    .join('\n');
}

function writeSection(section: ReportSection, style: Style, base: string): string[] {
  const head = style.heading(2, section.title);
  if (section.state === 'unknown') return [head, `Unknown: ${style.text(section.note ?? '')}`];
  return [
    head,
    ...(section.note === null ? [] : [style.text(section.note)]),
    ...(section.figures.length === 0 ? [] : [figuresText(section.figures, style, base)]),
    changesText(section.changes, style, base),
    ...section.charts.map((chart) => chartText(chart, style, base)),
    ...section.tables.flatMap((table) => tableText(table, style, base)),
  ].filter((text) => text !== '');
}

function figuresText(figures: readonly ReportFigure[], style: Style, base: string): string {
  const rows = figures.map(({ label, value, unit, before, href, note }) => [
    style.link(label, `${base}${href}`),
    formatValue(value, unit),
    before === undefined ? '' : formatValue(before, unit),
    style.text(note ?? ''),
  ]);
  return style.table(['', 'Now', 'Before', ''], rows, [false, true, true, false]);
}

const WORDS = { better: 'Better', worse: 'Worse', other: 'Different' } as const;

function changesText(changes: readonly ReportChange[], style: Style, base: string): string {
  return changes
    .map(({ direction, text, rule, sample, href }) => {
      const told = style.link(text, `${base}${href}`);
      return `- ${WORDS[direction]}: ${told} (rule "${rule}", ${style.text(sample)})`;
    })
    .join('\n');
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A course as one line of blocks; a dot where nothing is known. */
export function sparkline(values: readonly (number | null)[]): string {
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === null) return '·';
      return most === 0 ? BARS[0] : BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))];
    })
    .join('');
}

function chartText({ title, unit, values, href }: ReportChart, style: Style, base: string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return '';
  return `${style.link(title, `${base}${href}`)} ${sparkline(values)} at most ${formatValue(Math.max(...known), unit)}`;
}

function tableText({ title, columns, rows, more }: ReportTable, style: Style, base: string): string[] {
  if (rows.length === 0) return [];
  const written = rows.map(({ href, cells }) =>
    cells.map((cell, column) => {
      const unit = columns[column]?.unit ?? null;
      const text = cellText(cell, unit);
      return column === 0 ? style.link(text, `${base}${href}`) : style.text(text);
    }),
  );
  const head = columns.map(({ label }) => label);
  const table = style.table(
    head,
    written,
    columns.map(({ unit }) => unit !== null),
  );
  return [style.heading(3, title), more > 0 ? `${table}\n\n${more} more.` : table];
}

/** A cell of a table as text. */
export function cellText(cell: string | number | null, unit: ReportTable['columns'][number]['unit']): string {
  if (cell === null) return 'unknown';
  return typeof cell === 'number' ? formatValue(cell, unit ?? 'score') : cell;
}
