import { type Report, within } from '../../../lib/finding.ts';
import type { VercelContext } from './context.ts';
import { jobFor, localTimeOf, shortestGap, vercelCronProblem } from './cron.ts';
import { CRON_KEYS, LIMITS, MOST_CRONS } from './facts.ts';
import { lintKeys } from './lint-keys.ts';
import { answers } from './routes.ts';

/** Reports what is wrong with `crons`; paths count from there. */
export function lintCrons(value: unknown, context: VercelContext, report: Report): void {
  if (!Array.isArray(value)) {
    const suggestion = 'write [{"path": "/api/cron/backup", "schedule": "0 3 * * *"}]';
    report({ code: 'E103', path: [], message: 'crons is not a list', suggestion });
    return;
  }
  if (value.length > MOST_CRONS) {
    const message = `there are ${value.length} cron jobs; Vercel takes ${MOST_CRONS} a project`;
    report({ code: 'E409', path: [MOST_CRONS], message, suggestion: 'let one path do the work of several' });
  }
  for (const [index, item] of value.entries()) lintCron(item, context, within(report, index));
}

function lintCron(item: unknown, context: VercelContext, report: Report): void {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    report({ code: 'E103', path: [], message: 'this is not a cron job', suggestion: 'give it a path and a schedule' });
    return;
  }
  lintKeys(item, CRON_KEYS, report);
  const { path, schedule } = item as { path?: unknown; schedule?: unknown };
  const goodPath = typeof path === 'string' && path.startsWith('/') && path.length <= 512;
  if (!goodPath) {
    const message = path === undefined ? 'path is missing' : `${JSON.stringify(path)} is not a path`;
    report({
      code: 'E103',
      path: ['path'],
      message,
      suggestion: 'write one that begins with /, such as /api/cron/backup',
    });
  } else if (context.files !== null && !context.files.some(({ route }) => answers(route, path))) {
    const suggestion = `add app${path.replace(/\?.*$/, '')}/route.ts, or remove the cron job`;
    report({ code: 'E408', path: ['path'], message: `no function answers ${path}`, suggestion });
  }
  if (typeof schedule !== 'string') {
    const message =
      schedule === undefined ? 'schedule is missing' : `${JSON.stringify(schedule)} is not a cron expression`;
    report({ code: 'E103', path: ['schedule'], message, suggestion: 'write for example "0 3 * * *"' });
    return;
  }
  lintSchedule(schedule, goodPath ? path : null, context, within(report, 'schedule'));
}

function lintSchedule(schedule: string, path: string | null, { plan, jobs, now }: VercelContext, report: Report): void {
  const problem = vercelCronProblem(schedule);
  if (problem !== null) {
    report({ code: 'E406', path: [], message: problem, suggestion: 'write for example "0 3 * * *"' });
    return;
  }
  const gap = shortestGap(schedule, now);
  if (gap !== null && gap < LIMITS[plan].cronEvery) {
    const message = `"${schedule}" runs more than once a day, which the plan ${plan} refuses`;
    report({ code: 'E407', path: [], message, suggestion: 'write one time a day, such as "0 3 * * *"' });
  }
  const job = path === null ? undefined : jobFor(path, jobs);
  if (!job || job.timeZone === 'UTC' || job.pattern !== schedule) return;
  const local = localTimeOf(schedule, job.timeZone, now);
  const message = `Vercel reads "${schedule}" in UTC: it runs at ${local} in ${job.timeZone}, where the job ${job.name} means it`;
  report({ code: 'W401', path: [], message, suggestion: 'write it in UTC; it does not follow daylight saving' });
}
