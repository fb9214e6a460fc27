import type { SecurityScanReport } from '@yumops/protocol';
import { reportMail, SCAN_KINDS, type ScanKind, type Scanner } from '../care/scan/index.ts';
import type { Job, JobContext, JobResult } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import { type Mail, mailSender } from '../respond/notify/index.ts';
import type { LiveConfig } from './live-config.ts';

/** The jobs of the scans, by kind. */
export const SCAN_JOBS: Record<ScanKind, string> = { weekly: 'security-scan', monthly: 'security-audit' };

const TITLES: Record<ScanKind, string> = {
  weekly: 'Look for weak dependencies, sites, rights, secrets and accounts',
  monthly: 'The security scan, and whether what is needed after a break-in is logged',
};

export interface ScanJobParts {
  scanner: Scanner;
  live: LiveConfig;
  publicUrl: string;
  clock: Clock;
}

/** The weekly security scan and the monthly audit. */
export function scanJobs(parts: ScanJobParts): Job[] {
  const { weekly, monthly, timeZone } = parts.live.current.scan;
  return SCAN_KINDS.map((kind) => ({
    name: SCAN_JOBS[kind],
    title: TITLES[kind],
    schedule: { pattern: kind === 'weekly' ? weekly : monthly, timeZone },
    // The audit holds everything that the scan does.
    group: 'security scan',
    catchUp: 'latest',
    attempts: 2,
    run: (context) => runScan(kind, parts, context),
  }));
}

async function runScan(
  kind: ScanKind,
  parts: ScanJobParts,
  { by, signal, log, progress }: JobContext,
): Promise<JobResult> {
  const report = await parts.scanner.scan(kind, by, {
    signal,
    onCheck: (title, done, total) => progress(done, total, title.toLowerCase()),
  });
  for (const { title, status, findings, looked } of report.checks) {
    log(`${title}: ${status}${findings > 0 ? `, ${findings}` : ''} · ${looked}`);
  }
  const unsent = await sendReport(report, parts, signal);
  for (const problem of unsent) log(problem);
  const summary = unsent.length === 0 ? report.summary : `${report.summary}; the report did not reach everybody`;
  return { summary, ok: unsent.length === 0, detail: { scan: report.id } };
}

/** Mails the report to those who are to have it. @returns what went wrong, a sentence each */
async function sendReport(
  report: SecurityScanReport,
  { live, publicUrl, clock }: ScanJobParts,
  signal: AbortSignal,
): Promise<string[]> {
  const { scan, integrations } = live.current;
  if (scan.reportTo.length === 0) return [];
  const { smtp } = integrations;
  if (smtp === null || smtp.broken !== null) {
    return [`The report was not mailed: ${smtp?.broken ?? 'integrations.smtp is not set'}.`];
  }
  const send = mailSender(smtp);
  const content = reportMail(report, publicUrl);
  const problems: string[] = [];
  for (const [index, to] of scan.reportTo.entries()) {
    const mail: Mail = { ...content, to, id: `scan-${report.id}-${index}`, date: clock.now(), headers: {} };
    const result = await send(mail, signal);
    if (result.outcome !== 'sent') problems.push(`The report did not reach ${to}: ${result.reason}.`);
  }
  return problems;
}
