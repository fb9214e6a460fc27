import { shorten } from '../../assert.ts';
import { type Finding, runAttempt } from '../../attempt.ts';
import type { CheckContext, CheckResult, NamedCheck } from '../../check.ts';
import type { HttpAnswer } from '../http/exchange.ts';
import { askAndJudge } from '../http/run.ts';
import type { MonitorKind } from '../kind.ts';
import type { HealthMonitorConfig } from './config.ts';
import { readReport } from './report.ts';

/** An application's detailed health report: one verdict, and one for each check that the report names. */
export const healthKind: MonitorKind<'health'> = { run: runHealthCheck, describe: describeHealth };

const HEADERS = {
  'user-agent': 'YumOps-Uptime/1',
  accept: 'application/json, application/health+json;q=0.9',
  'accept-encoding': 'gzip, deflate, br',
};

function runHealthCheck(monitor: HealthMonitorConfig, context: CheckContext): Promise<CheckResult> {
  const ownHeaders: Record<string, string> =
    monitor.token === null ? {} : { authorization: `Bearer ${monitor.token.reveal()}` };
  const request = { url: new URL(monitor.target), method: 'GET', headers: HEADERS, ownHeaders, body: null, tls: null };
  return runAttempt(monitor, context, (attempt) => askAndJudge(request, false, attempt, judgeReport));
}

function describeHealth(monitor: HealthMonitorConfig): string[] {
  const slow = monitor.maxResponseTimeMs;
  return ['a health report that says healthy', ...(slow === null ? [] : [`answer within ${slow} ms`])];
}

/** The answers that may carry a report: 200 healthy, 202 degraded, 503 unhealthy. */
const REPORT_STATUS = new Set([200, 202, 503]);

function judgeReport(answer: HttpAnswer): Finding {
  const report = REPORT_STATUS.has(answer.status) ? readReport(answer.body.text) : undefined;
  if (!report) return { verdict: 'down', reason: noReport(answer) };
  const { verdict, checks: named } = report;
  if (verdict === 'unknown') {
    const reason = 'Expected the health report to say healthy, but its status is not known.';
    return { verdict: 'down', reason, named };
  }
  return { verdict, reason: verdict === 'up' ? null : summarise(verdict, named), named };
}

function noReport({ status, statusText, body }: HttpAnswer): string {
  if (status === 401 || status === 403) {
    return `Expected a health report, got ${status} ${statusText}: the report needs a valid token.`;
  }
  const came = REPORT_STATUS.has(status) ? shorten(JSON.stringify(body.text)) : `${status} ${statusText}`.trim();
  return `Expected a health report, got ${came}.`;
}

/** `The application is unhealthy: database (connection refused); redis (…).` */
function summarise(verdict: 'degraded' | 'down', named: readonly NamedCheck[]): string {
  const flawed = named.filter((check) => check.verdict !== 'up');
  const list = flawed.map(({ name, reason }) => (reason === null ? name : `${name} (${reason.replace(/\.$/, '')})`));
  const word = verdict === 'down' ? 'unhealthy' : 'degraded';
  return list.length === 0
    ? `The application says that it is ${word} and names no failing check.`
    : `The application is ${word}: ${list.join('; ')}.`;
}
