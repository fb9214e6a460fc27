import { defineCommand } from 'citty';
import type { DatabaseFinding, DatabaseSeverity } from '../../care/database/index.ts';
import { printJson } from '../command.ts';
import { progressOn } from '../progress.ts';
import { databaseArgs } from './open.ts';
import { type DatabaseView, withViews } from './views.ts';

const COLOURS: Record<DatabaseSeverity, number> = { critical: 31, warning: 33, unknown: 35, info: 36 };

type Paint = (code: number, text: string) => string;

const coloured: Paint = (code, text) => `\u001b[${code}m${text}\u001b[0m`;

const plain: Paint = (_code, text) => text;

function formatFinding({ severity, code, message, fix, key }: DatabaseFinding, paint: Paint): string {
  const head = `${paint(COLOURS[severity], severity.padEnd(8))}  ${paint(1, code)}  ${message}`;
  const lines = [
    head,
    ...(fix === null ? [] : [`          ${paint(32, fix)}`]),
    `          ${paint(2, `key: ${key}`)}`,
  ];
  return `${lines.join('\n')}\n\n`;
}

function formatSummary(findings: readonly DatabaseFinding[], databases: number): string {
  const of = (severity: DatabaseSeverity) => findings.filter((finding) => finding.severity === severity).length;
  const counts = (['critical', 'warning', 'unknown', 'info'] as const).filter((severity) => of(severity) > 0);
  const where = databases === 1 ? '1 database' : `${databases} databases`;
  if (counts.length === 0) return `Nothing found in ${where}.\n`;
  return `${counts.map((severity) => `${of(severity)} ${severity}`).join(', ')} in ${where}.\n`;
}

async function look(views: readonly DatabaseView[]): Promise<DatabaseFinding[]> {
  const progress = progressOn(process.stderr);
  const findings: DatabaseFinding[] = [];
  try {
    for (const view of views) findings.push(...(await view.check(progress.show)));
    return findings;
  } finally {
    progress.clear();
  }
}

export const databaseCheck = defineCommand({
  meta: {
    name: 'yumops db check',
    description: 'Look for what is wrong in a database, with the statement that mends it; exit 1 above info',
  },
  args: databaseArgs,
  async run({ args }) {
    return withViews(args, async (views, { env }) => {
      const findings = await look(views);
      if (args.json) printJson({ findings });
      else {
        const paint = process.stdout.isTTY && env.NO_COLOR === undefined ? coloured : plain;
        process.stdout.write(findings.map((finding) => formatFinding(finding, paint)).join(''));
        process.stdout.write(formatSummary(findings, views.length));
      }
      return findings.some(({ severity }) => severity !== 'info') ? 1 : 0;
    });
  },
});
