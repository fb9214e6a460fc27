import { formatDuration } from '../../lib/duration.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { CertificateFacts, CheckContext, CheckResult, Phase } from './check.ts';
import type { MonitorBase } from './config-base.ts';
import { PhaseTimer } from './net/phase-timer.ts';
import { onlyVersion } from './net/resolve.ts';

/** What one check holds on to while it runs. */
export interface Attempt {
  context: CheckContext;
  timer: PhaseTimer;
  /** Aborts at the check's deadline. */
  signal: AbortSignal;
  allowPrivate: MonitorBase['allowPrivate'];
  /** Facts of the last certificate seen, kept when the check fails after it. */
  certificate: CertificateFacts | null;
}

/** What a kind of monitor found. */
export interface Finding extends Pick<CheckResult, 'verdict' | 'reason'> {
  named?: CheckResult['named'];
  statusCode?: number | null;
  evidence?: CheckResult['evidence'];
  /** Milliseconds that the target took, where the check itself costs time too. */
  tookMs?: number;
}

export const HEALTHY: Finding = { verdict: 'up', reason: null };

/** The finding that the target is down. */
export function down(reason: string): Finding {
  return { verdict: 'down', reason };
}

type Limits = Pick<MonitorBase, 'timeoutMs' | 'allowPrivate' | 'maxResponseTimeMs' | 'ipVersion'>;

/**
 * Makes one check within the monitor's timeout. Whatever keeps `work` from finding something (a YumOpsError) is `down`
 * with its sentence, or `unknown` when it says `check_impossible`; a good finding that took too long is `degraded`.
 */
export async function runAttempt(
  limits: Limits,
  context: CheckContext,
  work: (attempt: Attempt) => Promise<Finding>,
): Promise<CheckResult> {
  const timer = new PhaseTimer(context.clock);
  const deadline = new AbortController();
  const alarm = context.clock.after(limits.timeoutMs, () => {
    const waited = formatDuration(limits.timeoutMs);
    deadline.abort(new YumOpsError('timeout', `Timed out after ${waited} while ${WHILE[timer.current ?? 'connect']}.`));
  });
  const onStop = () => deadline.abort(context.signal.reason);
  context.signal.addEventListener('abort', onStop, { once: true });
  const { allowPrivate, ipVersion } = limits;
  const own = ipVersion === null ? context : { ...context, resolve: onlyVersion(context.resolve, ipVersion) };
  const attempt: Attempt = { context: own, timer, signal: deadline.signal, allowPrivate, certificate: null };
  try {
    const finding = await work(attempt).catch(asFinding);
    return toResult(finding, attempt, limits.maxResponseTimeMs);
  } finally {
    alarm.cancel();
    context.signal.removeEventListener('abort', onStop);
  }
}

const WHILE: Record<Phase, string> = {
  dns: 'waiting for DNS',
  connect: 'connecting',
  tls: 'making the TLS handshake',
  firstByte: 'waiting for the first byte of the answer',
  body: 'reading the body',
};

function asFinding(error: unknown): Finding {
  if (!(error instanceof YumOpsError)) throw error;
  const reason = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  return { verdict: error.code === 'check_impossible' ? 'unknown' : 'down', reason };
}

/** The error of a check that cannot be made here, which says nothing of the target. */
export function impossible(message: string, hint: string): YumOpsError {
  return new YumOpsError('check_impossible', message, { hint });
}

function toResult(finding: Finding, { timer, certificate }: Attempt, limitMs: number | null): CheckResult {
  const { named = [], statusCode = null, evidence = null, tookMs, ...verdict } = finding;
  const time = tookMs === undefined ? timer.finish() : measured(timer, tookMs);
  const judged = verdict.verdict === 'up' && limitMs !== null && time.durationMs > limitMs;
  const slow = judged ? tooSlow(limitMs, time.durationMs) : verdict;
  return { ...slow, named, ...time, statusCode, certificate, evidence };
}

function measured(timer: PhaseTimer, tookMs: number): Pick<CheckResult, 'phases' | 'durationMs'> {
  const { phases } = timer.finish();
  return { phases: { ...phases, firstByte: tookMs }, durationMs: (phases.dns ?? 0) + tookMs };
}

function tooSlow(limitMs: number, tookMs: number): Pick<Finding, 'verdict' | 'reason'> {
  const reason = `Expected an answer within ${formatDuration(limitMs)}, it took ${formatDuration(tookMs)}.`;
  return { verdict: 'degraded', reason };
}
