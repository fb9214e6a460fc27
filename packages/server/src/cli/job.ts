import type { JobDetail, JobItem, JobRun, JobRunDetail, Page } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { formatDuration } from '../lib/duration.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { followRun } from './follow-run.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const nameArg = {
  name: { type: 'positional', required: true, description: 'Name from `yumops job list`', valueHint: 'JOB' },
} as const;

const took = ({ durationMs }: JobRun) => (durationMs === null ? '-' : formatDuration(durationMs));

const JOBS = [
  { heading: 'JOB', cell: (job: JobItem) => job.name },
  { heading: 'SCHEDULE', cell: (job: JobItem) => (job.schedule ? `${job.schedule} ${job.timeZone}` : 'by hand') },
  { heading: 'NEXT', cell: (job: JobItem) => (job.nextRunAt ? shownTime(job.nextRunAt) : '-') },
  { heading: 'STATE', cell: (job: JobItem) => job.activeRun?.status ?? job.lastRun?.status ?? 'never ran' },
  { heading: 'TOOK', cell: (job: JobItem) => (job.lastRun ? took(job.lastRun) : '-') },
  {
    heading: 'WHAT',
    cell: (job: JobItem) => job.problems[0]?.message ?? job.activeRun?.reason ?? job.lastRun?.summary ?? job.title,
  },
];

const list = defineCommand({
  meta: {
    name: 'yumops job list',
    description: 'List jobs with their next and last runs; exit 1 when one has a problem',
  },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<JobItem>>('/api/v1/jobs'));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(JOBS, page.items) || 'No jobs.\n');
    return page.items.some(({ problems }) => problems.length > 0) ? 1 : 0;
  },
});

const RUNS = [
  { heading: 'RUN', cell: (run: JobRun) => run.id },
  { heading: 'QUEUED', cell: (run: JobRun) => shownTime(run.queuedAt) },
  { heading: 'STATE', cell: (run: JobRun) => run.status },
  { heading: 'TOOK', cell: took },
  { heading: 'BY', cell: (run: JobRun) => run.by },
  { heading: 'WHAT', cell: (run: JobRun) => run.error?.message ?? run.reason ?? run.summary ?? '' },
];

const show = defineCommand({
  meta: { name: 'yumops job show', description: 'Show the runs of a job, or the log of one run' },
  args: { ...platformArgs, ...nameArg, run: { type: 'string', description: 'Id of a run: its log', valueHint: 'ID' } },
  async run({ args }) {
    await withClient(readSettings(args), async (client) => {
      if (args.run !== undefined) {
        const run = await client.get<JobRunDetail>(`/api/v1/jobs/runs/${encodeURIComponent(args.run)}`);
        if (args.json) printJson(run);
        else process.stdout.write(run.log.map(({ at, text }) => `${at}  ${text}\n`).join('') || 'It logged nothing.\n');
        return;
      }
      const job = await client.get<JobDetail>(`/api/v1/jobs/${encodeURIComponent(args.name)}`);
      if (args.json) printJson(job);
      else process.stdout.write(`${job.title}.\n\n${formatTable(RUNS, job.runs) || 'It never ran.\n'}`);
    });
    return 0;
  },
});

const run = defineCommand({
  meta: { name: 'yumops job run', description: 'Run a job now and follow it to its end; exit 1 when it fails' },
  args: {
    ...platformArgs,
    ...nameArg,
    detach: { type: 'boolean', description: 'Only start it (with a running platform)' },
  },
  async run({ args }) {
    return withClient(readSettings(args), async (client) => {
      const started = await client.post<JobRun>(`/api/v1/jobs/${encodeURIComponent(args.name)}/run`);
      const ended =
        args.detach && client.url !== null ? started : await followRun(client, started, args.json ? 'nothing' : 'all');
      if (args.json) printJson(ended);
      else process.stdout.write(`${ended.job} ${ended.status}${outcome(ended)}\n`);
      return ended.status === 'succeeded' || ended.endedAt === null ? 0 : 1;
    });
  },
});

function outcome({ error, summary, reason }: JobRun): string {
  if (error) return `: ${error.message}${error.hint ? `\n${error.hint}` : ''}`;
  const text = summary ?? reason;
  return text === null ? '' : `: ${text}`;
}

const cancel = defineCommand({
  meta: { name: 'yumops job cancel', description: 'End the run of a job that goes on' },
  args: { ...platformArgs, ...nameArg },
  async run({ args }) {
    return withClient(readSettings(args), async (client) => {
      const { activeRun } = await client.get<JobDetail>(`/api/v1/jobs/${encodeURIComponent(args.name)}`);
      if (activeRun) await client.post(`/api/v1/jobs/runs/${activeRun.id}/cancel`);
      if (args.json) printJson({ id: activeRun?.id ?? null });
      else process.stdout.write(activeRun ? `Asked to end: ${activeRun.id}.\n` : `${args.name} does not run.\n`);
      return activeRun ? 0 : 1;
    });
  },
});

export const job = defineCommand({
  meta: { name: 'yumops job', description: 'Jobs that the platform runs at set times' },
  subCommands: { list, show, run, cancel },
});
