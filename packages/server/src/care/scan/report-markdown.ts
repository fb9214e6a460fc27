import type { SecurityFinding, SecurityScanReport } from '@yumops/protocol';

/** What people call each kind of scan. */
export const KIND_NAMES = { weekly: 'Security scan', monthly: 'Security audit' } as const;

const STATUS_WORDS = { clean: 'clean', findings: 'findings', unknown: 'not fully seen', off: 'off' } as const;

/** The lists of a report in the order in which they are read, with their headings. */
export function reportSections(report: SecurityScanReport): { title: string; items: readonly SecurityFinding[] }[] {
  return [
    { title: 'New', items: report.freshFindings },
    { title: 'Graver than before', items: report.worseFindings },
    { title: 'Still open', items: report.remainingFindings },
    { title: 'Gone', items: report.goneFindings },
    { title: 'Accepted', items: report.acceptedFindings },
  ].filter(({ items }) => items.length > 0);
}

/** A report as Markdown. */
export function reportMarkdown(report: SecurityScanReport): string {
  const sections = reportSections(report).flatMap(({ title, items }) => [
    `## ${title} (${items.length})`,
    ...items.map(findingText),
  ]);
  return `${[
    `# ${KIND_NAMES[report.kind]} of ${plainText(report.service)}, ${report.endedAt.slice(0, 10)}`,
    `${capital(report.summary)}.`,
    ...sections,
    ...(report.leftOut > 0
      ? [`${report.leftOut} further findings are left out; \`yumops security findings list\` shows them.`]
      : []),
    '## What was looked at',
    checkTable(report),
    `From ${report.startedAt} to ${report.endedAt}, started by ${plainText(report.by)}. Scan ${report.id}.`,
  ].join('\n\n')}\n`;
}

function findingText(finding: SecurityFinding): string {
  const { severity, message, evidence, fix, owner, firstSeen, accepted, state, id } = finding;
  const facts = [
    ...(evidence === '' ? [] : [`Seen: ${plainText(evidence)}`]),
    ...(state === 'resolved' ? [] : [`Do: ${codeText(fix)}`]),
    ...(accepted === null
      ? []
      : [`Accepted until ${accepted.until.slice(0, 10)} by ${plainText(accepted.by)}: ${plainText(accepted.reason)}`]),
    `${owner === null ? 'Nobody owns it' : `Owner: ${plainText(owner)}`}; first seen ${firstSeen.slice(0, 10)}; \`${id}\``,
  ];
  return [`- **${severity}** ${plainText(message)}`, ...facts.map((fact) => `  - ${fact}`)].join('\n');
}

function checkTable({ checks }: SecurityScanReport): string {
  const rows = checks.map(
    ({ title, status, findings, looked }) =>
      `| ${[title, STATUS_WORDS[status], String(findings), looked].map((cell) => plainText(cell).replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return ['| Check | Result | Findings | Looked at |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** What stands in evidence came from outside: it must not become a link, an image or HTML. */
function plainText(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>#]/g, '\\$&');
}

/** A fix is ours, and has code in it. */
function codeText(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[[\]<>]/g, '\\$&');
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
