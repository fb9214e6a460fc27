import { writeFile } from 'node:fs/promises';
import type { JobRun, Page, ReportDetail, ReportItem, ReportKind } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { reportHtml, reportMarkdown, reportText } from '../care/reports/index.ts';
import { readSettings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { followRun } from './follow-run.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const FORMATS = { markdown: reportMarkdown, html: reportHtml, text: reportText } as const;

const formArgs = {
  format: {
    type: 'enum',
    options: Object.keys(FORMATS),
    description: 'How it is written, default text in a terminal and markdown elsewhere',
  },
  out: { type: 'string', description: 'Write it to a file instead', valueHint: 'FILE' },
} as const;

const making = {
  ...platformArgs,
  ...formArgs,
  to: { type: 'string', description: 'Where the period ends, ISO 8601; default now', valueHint: 'TIME' },
  send: { type: 'boolean', description: 'Send it to its receivers too' },
} as const;

interface Form {
  json?: boolean | undefined;
  format?: string | undefined;
  out?: string | undefined;
}

async function print(report: ReportDetail, { json, out, ...form }: Form): Promise<void> {
  const format = form.format ?? (process.stdout.isTTY && out === undefined ? 'text' : 'markdown');
  if (json && out === undefined) return printJson(report);
  const text = json ? `${JSON.stringify(report, null, 2)}\n` : FORMATS[format as keyof typeof FORMATS](report);
  if (out === undefined) process.stdout.write(text);
  else {
    await writeFile(out, text);
    process.stderr.write(`Written to ${out}.\n`);
  }
}

/** The report that a run of its job made. @throws YumOpsError when it made none */
function reportOf({ job, detail, error, summary }: JobRun): string {
  const id = detail?.['report'];
  if (typeof id === 'string') return id;
  throw new YumOpsError(error?.code ?? 'report_failed', error?.message ?? summary ?? `${job} made no report.`, {
    ...(error?.hint !== undefined && { hint: error.hint }),
  });
}

function maker(kind: ReportKind, what: string) {
  return defineCommand({
    meta: { name: `yumops report ${kind}`, description: `Make ${what}, store it and print it` },
    args: making,
    run: ({ args }) =>
      withClient(readSettings(args), async (client) => {
        const started = await client.post<JobRun>('/api/v1/reports', { kind, to: args.to, send: args.send === true });
        const ended = await followRun(client, started, args.json ? 'nothing' : 'progress');
        await print(await client.get<ReportDetail>(`/api/v1/reports/${reportOf(ended)}.json`), args);
        return ended.status === 'succeeded' ? 0 : 1;
      }),
  });
}

const REPORTS = [
  { heading: 'REPORT', cell: (report: ReportItem) => report.id },
  { heading: 'KIND', cell: (report: ReportItem) => report.kind },
  { heading: 'MADE', cell: (report: ReportItem) => shownTime(report.madeAt) },
  { heading: 'BY', cell: (report: ReportItem) => report.madeBy },
  { heading: 'FIRST TO DO', cell: (report: ReportItem) => report.todo[0]?.title ?? '-' },
];

const list = defineCommand({
  meta: { name: 'yumops report list', description: 'List the reports that were made, newest first' },
  args: {
    ...platformArgs,
    limit: { type: 'string', description: 'How many at most, default 50', valueHint: 'N' },
  },
  run: ({ args }) =>
    withClient(readSettings(args), async (client) => {
      const page = await client.get<Page<ReportItem>>('/api/v1/reports', { limit: args.limit });
      if (args.json) printJson(page);
      else process.stdout.write(formatTable(REPORTS, page.items) || 'No reports yet.\n');
      return 0;
    }),
});

const show = defineCommand({
  meta: { name: 'yumops report show', description: 'Print a report that was made' },
  args: {
    ...platformArgs,
    ...formArgs,
    id: { type: 'positional', required: true, description: 'Id from `yumops report list`', valueHint: 'REPORT' },
  },
  run: ({ args }) =>
    withClient(readSettings(args), async (client) => {
      await print(await client.get<ReportDetail>(`/api/v1/reports/${encodeURIComponent(args.id)}.json`), args);
      return 0;
    }),
});

export const report = defineCommand({
  meta: { name: 'yumops report', description: 'What happened, what changed, and what to do next' },
  subCommands: {
    daily: maker('daily', 'the log analysis and health summary of the last 24 hours'),
    weekly: maker('weekly', 'the performance review of the last 7 days'),
    monthly: maker('monthly', 'the review of the last 28 days'),
    quarterly: maker('quarterly', 'the review of the last 91 days'),
    list,
    show,
  },
});
