import type { SecurityFinding, SecurityScanReport } from '@yumops/protocol';
import { capital, KIND_NAMES, reportSections } from './report-markdown.ts';

/** Findings of one list of a mail; the rest is on the page. */
const LISTED = 25;

const COLOURS: Record<SecurityFinding['severity'], string> = {
  critical: '#a40e26',
  high: '#a40e26',
  medium: '#8a5a00',
  low: '#3b5b7a',
  unknown: '#5b5b66',
};

/**
 * A report as an e-mail: its subject, and its text and HTML.
 * @param publicUrl base of links, without a slash at the end
 */
export function reportMail(
  report: SecurityScanReport,
  publicUrl: string,
): { subject: string; text: string; html: string } {
  const url = `${publicUrl}/security?view=scans&scan=${encodeURIComponent(report.id)}`;
  const title = `${KIND_NAMES[report.kind]} of ${report.service}`;
  const sections = reportSections(report);
  const unseen = report.checks.filter(({ status }) => status === 'unknown');
  const blind = unseen.map(({ title: check, looked }) => `${check}: ${looked}`);
  return {
    subject: `${title}: ${report.summary}`.replaceAll(/\s+/g, ' ').slice(0, 200),
    text: [
      `${title}, ${report.endedAt.slice(0, 10)}`,
      `${capital(report.summary)}.`,
      ...sections.map(({ title: heading, items }) =>
        [`${heading} (${items.length})`, ...items.slice(0, LISTED).map(itemText), ...more(items)].join('\n\n'),
      ),
      ...(blind.length === 0 ? [] : [`Not fully seen\n\n${blind.join('\n')}`]),
      `The whole report: ${url}`,
    ].join('\n\n\n'),
    html: [
      '<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:14px;line-height:1.5;max-width:720px">',
      `<h1 style="font-size:18px;margin:0">${escapeHtml(title)}</h1>`,
      `<p style="margin:4px 0 16px">${escapeHtml(capital(report.summary))}.</p>`,
      ...sections.map(sectionHtml),
      ...(blind.length === 0
        ? []
        : [`<h2 style="font-size:15px">Not fully seen</h2>`, ...blind.map((line) => `<p>${escapeHtml(line)}</p>`)]),
      `<p><a href="${escapeHtml(url)}">The whole report</a></p>`,
      '</body></html>',
    ].join('\n'),
  };
}

function more(items: readonly SecurityFinding[]): string[] {
  return items.length > LISTED ? [`and ${items.length - LISTED} more`] : [];
}

const acceptedText = ({ accepted }: SecurityFinding): string[] =>
  accepted === null ? [] : [`Accepted until ${accepted.until.slice(0, 10)} by ${accepted.by}: ${accepted.reason}`];

const plain = (text: string) => text.replaceAll('`', '');

function itemText(finding: SecurityFinding): string {
  const { severity, message, evidence, fix, state } = finding;
  const lines = [
    `${severity.toUpperCase()}  ${message}`,
    ...(evidence === '' ? [] : [evidence]),
    ...(state === 'resolved' ? [] : [plain(fix)]),
    ...acceptedText(finding),
  ];
  return lines.join('\n  ');
}

function sectionHtml({ title, items }: { title: string; items: readonly SecurityFinding[] }): string {
  return [
    `<h2 style="font-size:15px;margin:16px 0 4px">${title} (${items.length})</h2>`,
    '<ul style="padding-left:0;list-style:none;margin:0">',
    ...items.slice(0, LISTED).map(itemHtml),
    '</ul>',
    ...more(items).map((line) => `<p>${line}</p>`),
  ].join('\n');
}

function itemHtml(finding: SecurityFinding): string {
  const { severity, message, evidence, fix, state } = finding;
  const rest = [evidence, ...(state === 'resolved' ? [] : [plain(fix)]), ...acceptedText(finding)].filter(
    (line) => line !== '',
  );
  return [
    '<li style="margin:0 0 12px">',
    `<strong style="color:${COLOURS[severity]}">${severity}</strong> ${escapeHtml(message)}`,
    ...rest.map((line) => `<br><span style="color:#555">${escapeHtml(line)}</span>`),
    '</li>',
  ].join('');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
