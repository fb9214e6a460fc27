import { formatDuration } from '../../../../lib/duration.ts';
import { YumOpsError } from '../../../../lib/errors.ts';
import type { CheckContext, CheckResult, Phase } from '../../check.ts';
import type { HttpMonitorConfig } from '../../config.ts';
import { PhaseTimer } from '../../net/phase-timer.ts';
import { collectEvidence } from './evidence.ts';
import { type Attempt, exchange, type HttpAnswer, type HttpRequest } from './exchange.ts';
import { unmetExpectation } from './expect.ts';
import { exchangeFollowing } from './redirect.ts';

const BASE_HEADERS = {
  'user-agent': 'YumOps-Uptime/1',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br',
};

/** Checks an HTTP(S) monitor once. Never throws for what the target does: that is the result. */
export function runHttpCheck(monitor: HttpMonitorConfig, context: CheckContext): Promise<CheckResult> {
  const request = buildRequest(monitor);
  return runRequest(monitor, request, context, (answer, durationMs) => judgeAnswer(monitor, answer, durationMs));
}

/** The part of a result that depends on what the answer should have been. */
export type Judgement = Pick<CheckResult, 'verdict' | 'reason' | 'named'>;

/** What a monitor of any kind that makes one HTTP request tells of itself. */
export type RequestOptions = Pick<HttpMonitorConfig, 'timeoutMs' | 'followRedirects' | 'allowPrivate'>;

/**
 * Makes a request within the monitor's timeout and lets `judge` say what the answer means; whatever keeps an answer
 * from coming is `down` with its reason.
 */
export async function runRequest(
  options: RequestOptions,
  request: HttpRequest,
  context: CheckContext,
  judge: (answer: HttpAnswer, durationMs: number) => Judgement,
): Promise<CheckResult> {
  const timer = new PhaseTimer(context.clock);
  const deadline = new AbortController();
  const alarm = context.clock.after(options.timeoutMs, () => {
    const waited = formatDuration(options.timeoutMs);
    deadline.abort(new YumOpsError('timeout', `Timed out after ${waited} while ${WHILE[timer.current ?? 'connect']}.`));
  });
  const onStop = () => deadline.abort(context.signal.reason);
  context.signal.addEventListener('abort', onStop, { once: true });
  const attempt: Attempt = {
    context,
    timer,
    signal: deadline.signal,
    allowPrivate: options.allowPrivate,
    certificate: null,
  };
  try {
    const answer = await (options.followRedirects ? exchangeFollowing : exchange)(request, attempt);
    const { phases, durationMs } = timer.finish();
    const judgement = judge(answer, durationMs);
    const healthy = judgement.verdict === 'up';
    return {
      ...judgement,
      durationMs,
      phases,
      statusCode: answer.status,
      certificate: answer.certificate,
      evidence: healthy ? null : collectEvidence(answer, Object.values(request.ownHeaders).flatMap(secretParts)),
    };
  } catch (error) {
    if (!(error instanceof YumOpsError)) throw error;
    const { phases, durationMs } = timer.finish();
    const reason = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    const { certificate } = attempt;
    return { verdict: 'down', reason, named: [], durationMs, phases, statusCode: null, certificate, evidence: null };
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

function buildRequest(monitor: HttpMonitorConfig): HttpRequest {
  const ownHeaders: Record<string, string> = {};
  for (const [name, value] of Object.entries(monitor.headers)) ownHeaders[name.toLowerCase()] = value.reveal();
  const url = new URL(monitor.target);
  const authorization = authorizationOf(monitor) ?? authorizationIn(url);
  if (authorization !== undefined) ownHeaders['authorization'] = authorization;
  if (monitor.body !== null) ownHeaders['content-length'] = String(Buffer.byteLength(monitor.body));
  return {
    url,
    method: monitor.method,
    headers: BASE_HEADERS,
    ownHeaders,
    body: monitor.body,
  };
}

function authorizationOf({ auth }: HttpMonitorConfig): string | undefined {
  if (auth === null) return undefined;
  if (auth.kind === 'bearer') return `Bearer ${auth.token.reveal()}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password.reveal()}`).toString('base64')}`;
}

/** `https://user:password@host/` asks for basic authentication. */
function authorizationIn({ username, password }: URL): string | undefined {
  if (username === '') return undefined;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** A header's value, and its credential without the scheme. */
function secretParts(value: string): string[] {
  const credential = /^(?:Bearer|Basic) (.+)$/.exec(value)?.[1];
  return credential === undefined ? [value] : [value, credential];
}

function judgeAnswer(monitor: HttpMonitorConfig, answer: HttpAnswer, durationMs: number): Judgement {
  const reason = unmetExpectation(monitor, answer, durationMs);
  if (reason !== null) return { verdict: 'down', reason, named: [] };
  const limit = monitor.maxResponseTimeMs;
  if (limit === null || durationMs <= limit) return { verdict: 'up', reason: null, named: [] };
  const slow = `Expected an answer within ${formatDuration(limit)}, it took ${formatDuration(durationMs)}.`;
  return { verdict: 'degraded', reason: slow, named: [] };
}
