import type { NamedCheck, Verdict } from '../../check.ts';

type ReportVerdict = Exclude<Verdict, 'pending'>;

/** A detailed health report, read. */
export interface HealthReport {
  verdict: ReportVerdict;
  checks: NamedCheck[];
}

const VERDICTS: Record<string, ReportVerdict> = {
  healthy: 'up',
  pass: 'up',
  ok: 'up',
  up: 'up',
  degraded: 'degraded',
  warn: 'degraded',
  unhealthy: 'down',
  fail: 'down',
  error: 'down',
  down: 'down',
};

/**
 * Reads a report as `/api/health/detailed` gives it (`{status, checks: {name: {status, responseTime, details}}}`) or as
 * `application/health+json` does (`{status, checks: {name: [{status, observedValue, output}]}}`). A status that is
 * not known is `unknown`.
 * @returns undefined when the text is no health report
 */
export function readReport(text: string): HealthReport | undefined {
  const document = parseObject(text);
  if (!document || typeof document['status'] !== 'string') return undefined;
  const checks = asObject(document['checks']) ?? {};
  return {
    verdict: verdictOf(document['status']),
    checks: Object.entries(checks).flatMap(([name, entry]) => readEntry(name, entry)),
  };
}

function readEntry(name: string, entry: unknown): NamedCheck[] {
  const components = Array.isArray(entry) ? entry : [entry];
  return components.map((component: unknown, index) => {
    const fields = asObject(component) ?? {};
    const verdict = verdictOf(fields['status']);
    return {
      name: components.length > 1 ? `${name}[${index}]` : name,
      verdict,
      reason: verdict === 'up' ? null : reasonOf(fields, verdict),
      durationMs: numberOrNull(fields['responseTime'] ?? fields['observedValue']),
    };
  });
}

function verdictOf(status: unknown): ReportVerdict {
  return (typeof status === 'string' && VERDICTS[status.toLowerCase()]) || 'unknown';
}

function reasonOf(fields: Record<string, unknown>, verdict: Verdict): string {
  const details = asObject(fields['details']);
  const said = [fields['reason'], fields['output'], fields['message'], details?.['error'], details?.['reason']].find(
    (text) => typeof text === 'string' && text !== '',
  );
  if (said !== undefined) return said as string;
  if (verdict === 'unknown')
    return `The report gives no status that is known: ${JSON.stringify(fields['status'] ?? null)}.`;
  return `The report says ${JSON.stringify(fields['status'])}.`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
