import type { Finding, FindingSeverity } from '../lib/finding.ts';

/** Paints a text, or leaves it as it is where there is no terminal. */
export type Paint = (style: 'dim' | 'bold' | FindingSeverity, text: string) => string;

export const plain: Paint = (_style, text) => text;

const CODES = { dim: 2, bold: 1, error: 31, warning: 33, info: 36 } as const;

/** Paints with ANSI colours. */
export const coloured: Paint = (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`;

/** `file:line:col CODE message — suggestion`, one line each. */
export function formatFindings(findings: readonly Finding[], paint: Paint = plain): string {
  return findings
    .map(({ file, line, col, code, severity, message, suggestion }) => {
      const advice = suggestion === null ? '' : paint('dim', ` — ${suggestion}`);
      return `${paint('bold', `${file}:${line}:${col}`)} ${paint(severity, code)} ${message}${advice}\n`;
    })
    .join('');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `2 errors, 1 warning, 3 notes in 2 files`; `No problems in 2 files.` */
export function formatSummary(findings: readonly Finding[], files: number): string {
  if (files === 0) return 'There is no configuration file here; the defaults apply.';
  const of = (severity: FindingSeverity) => findings.filter((finding) => finding.severity === severity).length;
  const parts = [
    of('error') > 0 ? count(of('error'), 'error') : '',
    of('warning') > 0 ? count(of('warning'), 'warning') : '',
    of('info') > 0 ? count(of('info'), 'note') : '',
  ].filter((part) => part !== '');
  return parts.length === 0
    ? `No problems in ${count(files, 'file')}.`
    : `${parts.join(', ')} in ${count(files, 'file')}.`;
}
