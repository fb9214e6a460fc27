import type { Severity } from '@yumops/protocol';
import type { AlertSubject } from './episode.ts';
import { UNMEASURED } from './episodes.ts';
import type { Instance, Verdict } from './instance.ts';
import type { MonitorStatus } from './ports.ts';

/** The rule that warns of certificates that end soon. */
export const CERTIFICATE_RULE = 'Certificate expires';
export const CERTIFICATE_RULE_ID = 'certificate';

/** Days before the end at which people are told, each time by an alert of its own. */
export const CERTIFICATE_STEPS = [30, 14, 7, 1] as const;

/** From this step on it is as urgent as an outage, which it will be. */
const URGENT_DAYS = 1;

/** The step that a certificate has passed; undefined while there is time, and when it has ended: the check itself fails then. */
export function certificateStep(days: number): number | undefined {
  if (days < 0) return undefined;
  return CERTIFICATE_STEPS.findLast((step) => days < step);
}

/** What the days that a certificate has left mean for the alert of one step. */
export function judgeCertificate(days: number, step: number): Verdict {
  const reason = `${days} ${days === 1 ? 'day' : 'days'} left`;
  const passed = certificateStep(days);
  if (passed === step) return { kind: 'breach', value: days, sample: 1, reason };
  if (passed !== undefined || days < 0) return { kind: 'gone', reason: 'a later warning has taken its place' };
  return { kind: 'clear', value: days, sample: 1, reason };
}

/** What the alert of a certificate says. */
export function certificateSubject(monitor: MonitorStatus, step: number, instance: Instance): AlertSubject {
  const severity: Severity = step <= URGENT_DAYS ? 'critical' : 'warning';
  return {
    ...UNMEASURED,
    rule: CERTIFICATE_RULE,
    severity,
    labels: { alertname: CERTIFICATE_RULE, monitor: monitor.name, within: `${step}d`, ...monitor.labels },
    summary: summaryOf(monitor.name, step, instance),
    sentence: `Fires when the certificate of ${monitor.name} has fewer than ${step === 1 ? 'one day' : `${step} days`} left.`,
    query: `SELECT timestamp, certificateDays FROM checks WHERE monitor = '${monitor.name.replaceAll("'", "''")}' ORDER BY timestamp DESC`,
    runbook: monitor.runbook ?? null,
    project: monitor.project ?? null,
  };
}

function summaryOf(name: string, step: number, { state, value, reason }: Instance): string {
  if (state === 'firing') {
    return `The certificate of ${name} ends in less than ${step === 1 ? 'a day' : `${step} days`}: ${reason}`;
  }
  return `The certificate of ${name}${value === null ? '' : ' was renewed'}: ${reason}`;
}
