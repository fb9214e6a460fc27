import type { BackupItem, JobDetail, JobItem, JobRunDetail } from '@yumops/protocol';
import { z } from 'zod';
import { withQuery } from '../../lib/query-string.ts';
import { listed, pick, tool } from '../tool.ts';

const BACKUP = [
  'id',
  'name',
  'tier',
  'started',
  'status',
  'verified',
  'bytes',
  'seconds',
  'why',
  'keptFor',
  'schemas',
  'oneOff',
  'synthetic',
] as const;
const RUN = [
  'id',
  'trigger',
  'slot',
  'status',
  'reason',
  'startedAt',
  'endedAt',
  'durationMs',
  'summary',
  'error',
] as const;

export const careTools = [
  tool({
    name: 'list_backups',
    title: 'Backups',
    description:
      'Backups, newest first, with how far each was verified by restoring it, and the plans with what can be recovered.',
    input: z.object({ limit: z.number().int().min(1).max(100).default(20) }),
    async run(api, { limit }) {
      const { items, ...rest } = await api.get<{ items: BackupItem[]; nextCursor: string | null }>('/api/v1/backups', {
        limit: String(limit),
      });
      return { ...rest, ...listed({ items, nextCursor: rest.nextCursor }, BACKUP), link: '/backups' };
    },
  }),
  tool({
    name: 'list_jobs',
    title: 'Jobs',
    description: 'Scheduled jobs with their next and last run and their problems: failed, missed, late, slow, lost.',
    input: z.object({}),
    async run(api) {
      const { items } = await api.get<{ items: JobItem[] }>('/api/v1/jobs');
      const shown = items.map((job) => ({
        ...pick(job, ['name', 'title', 'schedule', 'timeZone', 'nextRunAt', 'medianMs', 'problems']),
        lastRun: job.lastRun && pick(job.lastRun, RUN),
      }));
      return { items: shown, link: '/jobs' };
    },
  }),
  tool({
    name: 'get_job',
    title: 'One job with its newest run',
    description: 'Runs of a job, newest first, and the log of the newest.',
    input: z.object({ name: z.string().min(1).max(200) }),
    async run(api, { name }) {
      const job = await api.get<JobDetail>(`/api/v1/jobs/${encodeURIComponent(name)}`);
      const [newest] = job.runs;
      const run = newest && (await api.get<JobRunDetail>(`/api/v1/jobs/runs/${encodeURIComponent(newest.id)}`));
      return {
        ...pick(job, ['name', 'title', 'schedule', 'timeZone', 'nextRunAt', 'problems']),
        items: listed({ items: job.runs.slice(0, 10) }, RUN).items,
        log: run?.log.slice(-30) ?? [],
        link: withQuery('/jobs', { job: name }),
      };
    },
  }),
];
