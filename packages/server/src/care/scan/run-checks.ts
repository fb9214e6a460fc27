import type { SecurityScanCheck } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { CheckResult, ScanCheck } from './check.ts';
import { unseenFor } from './check.ts';
import type { Found } from './finding.ts';
import type { Looked } from './reconcile.ts';

/** A check that takes longer is given up, ms: its subject is then unknown. */
const CHECK_MS = 5 * 60_000;

export interface ChecksRun {
  outcomes: SecurityScanCheck[];
  looked: Looked;
}

export interface RunOptions {
  clock: Clock;
  signal: AbortSignal;
  onCheck?(title: string, done: number, total: number): void;
}

/** Runs checks one after the other. One that throws becomes an `unknown` finding of its own, and the others go on. */
export async function runChecks(checks: readonly ScanCheck[], options: RunOptions): Promise<ChecksRun> {
  const found = new Map<string, Found[]>();
  const failed = new Set<string>();
  const outcomes: SecurityScanCheck[] = [];
  for (const [done, check] of checks.entries()) {
    options.signal.throwIfAborted();
    options.onCheck?.(check.title, done, checks.length);
    const startedAt = options.clock.monotonic();
    const result = await attempt(check, options);
    if (result.failed) failed.add(check.name);
    found.set(check.name, unique(result.findings));
    outcomes.push({
      ...{ name: check.name, title: check.title, looked: result.looked, status: statusOf(result) },
      findings: result.findings.length,
      durationMs: Math.round(options.clock.monotonic() - startedAt),
    });
  }
  return { outcomes, looked: { found, failed } };
}

type Attempted = CheckResult & { failed?: boolean };

async function attempt(check: ScanCheck, { clock, signal }: RunOptions): Promise<Attempted> {
  const deadline = new AbortController();
  const alarm = clock.after(CHECK_MS, () => deadline.abort(new Error('it took longer than 5 minutes')));
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    return await Promise.race([check.run({ now: clock.now(), signal: either }), aborted(either)]);
  } catch (error) {
    signal.throwIfAborted();
    const finding = unseenFor(check.title, `The check of ${check.title.toLowerCase()} failed`, error);
    return { findings: [{ ...finding, code: 'check_failed' }], looked: finding.message, failed: true };
  } finally {
    alarm.cancel();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function statusOf({ findings, off, failed }: Attempted): SecurityScanCheck['status'] {
  if (off) return 'off';
  if (failed || findings.some(({ severity }) => severity === 'unknown')) return 'unknown';
  return findings.length === 0 ? 'clean' : 'findings';
}

/** Two findings of one name are one: the first, which is the graver where a check puts them so. */
function unique(findings: readonly Found[]): Found[] {
  const seen = new Map<string, Found>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.code, finding.subject, finding.object]);
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()];
}
