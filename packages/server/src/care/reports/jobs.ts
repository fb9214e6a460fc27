import type { ReportKind } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { Job, JobContext, JobResult } from '../scheduler/index.ts';
import type { ReportsConfig } from './config.ts';
import type { DeliveryReport } from './deliver.ts';
import type { Reports } from './reports.ts';

export interface ReportJobDeps {
  config(): ReportsConfig;
  reports: Reports;
  clock: Clock;
  deliver(id: string, signal: AbortSignal): Promise<DeliveryReport>;
  /** Begins the checklist of the architecture review. @returns its id; undefined when one is open already */
  beginReview(by: string): Promise<string | undefined>;
}

const JOB_NAMES: Readonly<Record<ReportKind, string>> = {
  daily: 'analytics',
  weekly: 'performance-review',
  monthly: 'monthly-review',
  quarterly: 'quarterly-review',
};

const TITLES: Readonly<Record<ReportKind, string>> = {
  daily: 'Daily log analysis and health summary of the day before',
  weekly: 'Weekly performance review of the seven days before',
  monthly: 'Monthly review: capacity, backup tests and performance of the month before',
  quarterly: 'Quarterly review: recovery drills, capacity and performance of the quarter before',
};

/** The job that makes and sends the reports of a kind. */
export const reportJobName = (kind: ReportKind): string => JOB_NAMES[kind];

/** The jobs that make reports, and the one that begins the quarterly review of the architecture. */
export function reportJobs(deps: ReportJobDeps): Job[] {
  const { plans, architectureReview } = deps.config();
  const reports = plans.map(
    ({ kind, schedule }): Job => ({
      name: JOB_NAMES[kind],
      title: TITLES[kind],
      schedule,
      // Two reports at once would ask the stores the same at the same time.
      group: 'reports',
      catchUp: 'latest',
      attempts: 3,
      run: (context) => runReport(deps, kind, context),
    }),
  );
  return [
    ...reports,
    {
      name: 'architecture-review',
      title: 'Begin the checklist of the quarterly architecture review',
      schedule: architectureReview,
      group: null,
      catchUp: 'latest',
      attempts: 3,
      async run({ by }) {
        const id = await deps.beginReview(by);
        if (id === undefined) return { summary: 'the checklist of the last review is still open' };
        return { summary: 'the checklist waits on the page Runbooks', detail: { checklist: id } };
      },
    },
  ];
}

async function runReport(deps: ReportJobDeps, kind: ReportKind, context: JobContext): Promise<JobResult> {
  const { slot, by, options, signal, log, progress } = context;
  const to = typeof options['to'] === 'number' ? options['to'] : undefined;
  const send = slot !== null || options['send'] === true;
  const now = deps.clock.now();
  const id = await deps.reports.make({ kind, slot, to, send }, { actor: by, now }, (done, total, what) => {
    signal.throwIfAborted();
    progress(done, total, what);
  });
  const report = await deps.reports.read(id);
  log(report.sentence);
  for (const { rank, title, score } of report.todo) log(`${rank}. ${title} (${score})`);
  const { sent, failed } = await deps.deliver(id, signal);
  for (const { target, reason } of failed) log(`not sent to ${target}: ${reason}`);
  const detail = { report: id, sent, failed: failed.length };
  if (failed.length > 0) {
    const [first] = failed;
    return { ok: false, summary: `It was made, but not sent to ${first?.target}: ${first?.reason}`, detail };
  }
  return { summary: `${report.sentence}${sent > 0 ? ` Sent to ${sent}.` : ''}`, detail };
}
