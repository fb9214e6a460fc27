import type { ReportKind } from '@yumops/protocol';
import { z } from 'zod';
import { type CronSchedule, scheduleProblem } from '../../lib/cron.ts';
import { type Report, within } from '../../lib/finding.ts';
import type { Receivers, Target } from '../../respond/alerting/index.ts';
import { REPORT_KINDS } from './period.ts';

/** When a report of a kind is made, and who gets it. */
export interface ReportPlan {
  kind: ReportKind;
  /** Null = only by hand. */
  schedule: CronSchedule | null;
  recipients: readonly Target[];
}

export interface ReportsConfig {
  timeZone: string;
  plans: readonly ReportPlan[];
  /** Whether the checklist of the quarterly architecture review is begun by itself. */
  architectureReview: CronSchedule | null;
}

/** The guide's times: log analysis 01:00 every day; the others on the first day that follows, when people are there. */
export const REPORT_SCHEDULES: Readonly<Record<ReportKind, string>> = {
  daily: '0 1 * * *',
  weekly: '0 6 * * 1',
  monthly: '0 7 1 * *',
  quarterly: '0 8 1 1,4,7,10 *',
};
/** On the first Monday of a quarter, when people are at work. */
export const ARCHITECTURE_REVIEW = '0 9 * 1,4,7,10 1#1';

const planShape = z.strictObject({
  schedule: z
    .union([z.string(), z.literal(false)])
    .optional()
    .describe('Cron expression; false = only by hand'),
  recipients: z.array(z.unknown()).optional().describe('Who gets this kind, instead of `recipients` of all'),
});

export const reportsShape = z.strictObject({
  time_zone: z.string().optional().describe('Zone of schedules and of days, default UTC'),
  recipients: z.array(z.unknown()).optional().describe('Who gets reports, as notifications of a rule'),
  daily: planShape.optional().describe('Log analysis of the day before, default 01:00'),
  weekly: planShape.optional().describe('Performance review of the seven days before, default Monday 06:00'),
  monthly: planShape.optional().describe('Review of the month before, default the 1st at 07:00'),
  quarterly: planShape.optional().describe('Review of the quarter before, default its next day at 08:00'),
  architecture_review: z
    .union([z.string(), z.literal(false)])
    .optional()
    .describe('When the checklist of the architecture review is begun, default the first Monday of a quarter at 09:00'),
});

export type RawReports = z.infer<typeof reportsShape>;

/** Compiles `reports:`; paths count from that key. */
export function compileReports(raw: RawReports, receivers: Receivers, report: Report): ReportsConfig {
  const timeZone = raw.time_zone ?? 'UTC';
  const zoneProblem = scheduleProblem('0 0 * * *', timeZone);
  if (zoneProblem) report({ code: 'E104', ...zoneProblem });
  const zone = zoneProblem ? 'UTC' : timeZone;
  const schedule = (written: string | false | undefined, usual: string, at: Report): CronSchedule | null => {
    if (written === false) return null;
    const pattern = written ?? usual;
    const problem = scheduleProblem(pattern, zone);
    if (!problem) return { pattern, timeZone: zone };
    at({ code: 'E104', ...problem });
    return null;
  };
  const everybody = receivers.notifications(raw.recipients, within(report, 'recipients')).targets;
  const plans = REPORT_KINDS.map((kind): ReportPlan => {
    const at = within(report, kind);
    const own = raw[kind];
    return {
      kind,
      schedule: schedule(own?.schedule, REPORT_SCHEDULES[kind], at),
      recipients:
        own?.recipients === undefined
          ? everybody
          : receivers.notifications(own.recipients, within(at, 'recipients')).targets,
    };
  });
  return {
    timeZone: zone,
    plans,
    architectureReview: schedule(raw.architecture_review, ARCHITECTURE_REVIEW, (issue) =>
      report({ ...issue, path: ['architecture_review'] }),
    ),
  };
}

/** Slack channels and the like that the section names, for the receivers. */
export function recipientsOf(raw: RawReports): (readonly unknown[] | undefined)[] {
  return [raw.recipients, ...REPORT_KINDS.map((kind) => raw[kind]?.recipients)];
}
