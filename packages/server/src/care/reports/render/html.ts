import type {
  ReportChange,
  ReportChart,
  ReportDetail,
  ReportFigure,
  ReportSection,
  ReportTable,
} from '@yumops/protocol';
import { escapeHtml } from '../../../lib/html.ts';
import { formatAt, formatValue } from '../format.ts';
import { cellText } from './written.ts';

/** Colours of state; words stand beside each. */
const COLOURS = { better: '#1a7f4b', worse: '#b42318', other: '#475467' } as const;
const WORDS = { better: 'Better', worse: 'Worse', other: 'Different' } as const;
const BAR = { height: 56, now: '#2563a8', before: '#c3ccd6' };
const CELL = 'padding:4px 12px 4px 0;border-bottom:1px solid #e4e7ec;vertical-align:top';

/**
 * A report as one HTML page that mail clients show as it is: styles at the elements, tables for the layout, graphs from
 * the cells of a table; no script, no image, nothing from elsewhere.
 */
export function reportHtml(report: ReportDetail): string {
  const { title, sentence, timeZone, publicUrl, comparedWith } = report;
  const at = (iso: string) => escapeHtml(formatAt(Date.parse(iso), timeZone));
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title></head>`,
    '<body style="margin:0;background:#ffffff;color:#1d2939;font-family:system-ui,-apple-system,\'Segoe UI\',sans-serif;font-size:14px;line-height:1.5">',
    '<div style="max-width:720px;margin:0 auto;padding:24px 16px">',
    `<h1 style="font-size:20px;line-height:1.3;margin:0 0 8px">${escapeHtml(title)}</h1>`,
    `<p style="margin:0 0 4px">${escapeHtml(sentence)}</p>`,
    `<p style="margin:0 0 20px;color:#475467">From ${at(report.from)} to ${at(report.to)}, compared with ${at(comparedWith.from)} to ${at(comparedWith.to)}</p>`,
    todoHtml(report),
    ...report.sections.map((section) => sectionHtml(section, publicUrl)),
    `<p style="margin:28px 0 0"><a href="${escapeHtml(`${publicUrl}/reports/${report.id}`)}">This report in YumOps</a></p>`,
    '</div></body></html>',
  ].join('\n');
}

const heading = (text: string) =>
  `<h2 style="font-size:16px;margin:28px 0 8px;border-top:1px solid #d0d5dd;padding-top:12px">${escapeHtml(text)}</h2>`;

const link = (text: string, url: string) =>
  `<a href="${escapeHtml(url)}" style="color:#1f5fa8">${escapeHtml(text)}</a>`;

function todoHtml({ todo, considered, publicUrl }: ReportDetail): string {
  const title = '<h2 style="font-size:16px;margin:0 0 8px">What to do next</h2>';
  if (todo.length === 0) return `${title}<p>Nothing: of ${considered} observations none asks for anything.</p>`;
  const items = todo.map(
    ({ title: what, reason, evidence, href }) =>
      `<li style="margin:0 0 10px"><strong>${link(what, `${publicUrl}${href}`)}</strong><br>${escapeHtml(reason)}` +
      `${evidence.map((line) => `<br><span style="color:#475467">${escapeHtml(line)}</span>`).join('')}</li>`,
  );
  return `${title}<ol style="margin:0;padding-left:20px">${items.join('')}</ol>`;
}

function sectionHtml(section: ReportSection, base: string): string {
  if (section.state === 'unknown') {
    return `${heading(section.title)}<p style="color:#475467">Unknown: ${escapeHtml(section.note ?? '')}</p>`;
  }
  return [
    heading(section.title),
    section.note === null ? '' : `<p>${escapeHtml(section.note)}</p>`,
    figuresHtml(section.figures, base),
    changesHtml(section.changes, base),
    ...section.charts.map((chart) => chartHtml(chart, base)),
    ...section.tables.map((table) => tableHtml(table, base)),
  ].join('\n');
}

function figuresHtml(figures: readonly ReportFigure[], base: string): string {
  if (figures.length === 0) return '';
  const rows = figures.map(({ label, value, unit, before, href, note }) => {
    const old = before === undefined ? '' : `before ${escapeHtml(formatValue(before, unit))}`;
    const remark = [old, note ? escapeHtml(note) : ''].filter(Boolean).join(', ');
    return `<tr><td style="${CELL}">${link(label, `${base}${href}`)}</td><td align="right" style="${CELL};white-space:nowrap"><strong>${escapeHtml(formatValue(value, unit))}</strong></td><td style="${CELL};color:#475467">${remark}</td></tr>`;
  });
  return `<table role="presentation" cellpadding="0" cellspacing="0" style="border-collapse:collapse;width:100%">${rows.join('')}</table>`;
}

function changesHtml(changes: readonly ReportChange[], base: string): string {
  if (changes.length === 0) return '<p style="color:#475467">No change beyond what chance explains.</p>';
  const items = changes.map(
    ({ direction, text, rule, sample, href }) =>
      `<li style="margin:0 0 6px"><strong style="color:${COLOURS[direction]}">${WORDS[direction]}</strong> ` +
      `${link(text, `${base}${href}`)} <span style="color:#475467">(rule “${escapeHtml(rule)}”: ${escapeHtml(sample)})</span></li>`,
  );
  return `<ul style="margin:12px 0;padding-left:20px">${items.join('')}</ul>`;
}

/** Bars from cells of a table: mail clients draw neither SVG nor script, and hold images back. */
function chartHtml({ title, unit, href, values, before }: ReportChart, base: string): string {
  const known = [...values, ...(before ?? [])].filter((value) => value !== null);
  const most = Math.max(0, ...known);
  if (known.length === 0 || most === 0) return '';
  const height = (value: number | null | undefined) => Math.round(((value ?? 0) / most) * BAR.height);
  const bar = (value: number | null | undefined, colour: string) =>
    `<div style="height:${height(value)}px;background:${colour};font-size:0;line-height:0">&nbsp;</div>`;
  const cells = values.map((value, index) => {
    const old = before ? `<td valign="bottom" style="padding:0">${bar(before[index], BAR.before)}</td>` : '';
    return `${old}<td valign="bottom" style="padding:0 1px 0 0">${bar(value, BAR.now)}</td>`;
  });
  const told = before ? ', pale: the time before' : '';
  return [
    `<p style="margin:14px 0 4px">${link(title, `${base}${href}`)} <span style="color:#475467">at most ${escapeHtml(formatValue(most, unit))}${told}</span></p>`,
    `<table role="img" aria-label="${escapeHtml(`${title}, at most ${formatValue(most, unit)}`)}" cellpadding="0" cellspacing="0" style="border-collapse:collapse;width:100%;table-layout:fixed;border-bottom:1px solid #98a2b3"><tr style="height:${BAR.height}px">${cells.join('')}</tr></table>`,
  ].join('\n');
}

function tableHtml({ title, columns, rows, more }: ReportTable, base: string): string {
  if (rows.length === 0) return '';
  const align = (index: number) => (columns[index]?.unit === null ? 'left' : 'right');
  const head = columns.map(
    ({ label }, index) =>
      `<th align="${align(index)}" style="${CELL};color:#475467;font-weight:600">${escapeHtml(label)}</th>`,
  );
  const body = rows.map(({ href, cells }) => {
    const columnsOf = cells.map((cell, index) => {
      const text = cellText(cell, columns[index]?.unit ?? null);
      const shown = index === 0 ? link(text, `${base}${href}`) : escapeHtml(text);
      return `<td align="${align(index)}" style="${CELL}${index === 0 ? ';word-break:break-word' : ''}">${shown}</td>`;
    });
    return `<tr>${columnsOf.join('')}</tr>`;
  });
  const rest = more > 0 ? `<p style="color:#475467;margin:4px 0">${more} more</p>` : '';
  return `<h3 style="font-size:14px;margin:16px 0 4px">${escapeHtml(title)}</h3><table cellpadding="0" cellspacing="0" style="border-collapse:collapse;width:100%;font-size:13px"><tr>${head.join('')}</tr>${body.join('')}</table>${rest}`;
}
