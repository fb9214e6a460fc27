import { type Attempt, down, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import { certificateWarning } from '../../certificate-warning.ts';
import type { CheckContext, CheckResult } from '../../check.ts';
import type { SecureOptions } from '../../net/dial.ts';
import type { DirectAuth, HttpExpectation, HttpMonitorConfig, MonitorTls } from './config.ts';
import { collectEvidence } from './evidence.ts';
import { exchange, type HttpAnswer, type HttpRequest } from './exchange.ts';
import { unmetExpectation } from './expect.ts';
import { forgetToken, resolveAuth } from './oauth2.ts';
import { exchangeFollowing } from './redirect.ts';

const BASE_HEADERS = {
  'user-agent': 'YumOps-Uptime/1',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br',
};

/** Checks an HTTP(S) monitor once. Never throws for what the target does: that is the result. */
export function runHttpCheck(monitor: HttpMonitorConfig, context: CheckContext): Promise<CheckResult> {
  return runAttempt(monitor, context, async (attempt) => {
    const auth = await resolveAuth(monitor.auth, attempt);
    const request = buildRequest(new URL(monitor.target), { ...monitor, auth });
    const finding = await askAndJudge(request, monitor.followRedirects, attempt, (answer, durationMs) =>
      judgeAnswer(monitor, answer, durationMs),
    );
    if (finding.statusCode === 401) forgetToken(monitor.auth);
    return finding;
  });
}

/** Makes a request and lets `judge` say what the answer means; an answer that is not healthy is kept as evidence. */
export async function askAndJudge(
  request: HttpRequest,
  followRedirects: boolean,
  attempt: Attempt,
  judge: (answer: HttpAnswer, durationMs: number) => Finding | Promise<Finding>,
): Promise<Finding> {
  const answer = await (followRedirects ? exchangeFollowing : exchange)(request, attempt);
  attempt.timer.enter(null);
  const finding = await judge(answer, attempt.timer.elapsed());
  const secrets = Object.values(request.ownHeaders).flatMap(secretParts);
  const evidence = finding.verdict === 'up' ? null : collectEvidence(answer, secrets);
  return { ...finding, statusCode: answer.status, evidence };
}

type RequestParts = Pick<HttpExpectation, 'method' | 'headers' | 'body' | 'tls'> & { auth: DirectAuth | null };

/** The request that a monitor or a step describes. */
export function buildRequest(url: URL, monitor: RequestParts): HttpRequest {
  const ownHeaders: Record<string, string> = {};
  for (const [name, value] of Object.entries(monitor.headers)) ownHeaders[name.toLowerCase()] = value.reveal();
  const authorization = authorizationOf(monitor) ?? authorizationIn(url);
  if (authorization !== undefined) ownHeaders['authorization'] = authorization;
  if (monitor.body !== null) ownHeaders['content-length'] = String(Buffer.byteLength(monitor.body));
  return {
    url,
    method: monitor.method,
    headers: BASE_HEADERS,
    ownHeaders,
    body: monitor.body,
    tls: tlsOf(monitor.tls),
  };
}

function tlsOf({ ca, client }: MonitorTls): SecureOptions {
  return { ca, client: client && { cert: client.cert.reveal(), key: client.key.reveal() } };
}

function authorizationOf({ auth }: RequestParts): string | undefined {
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

async function judgeAnswer(monitor: HttpMonitorConfig, answer: HttpAnswer, durationMs: number): Promise<Finding> {
  const reason = await unmetExpectation(monitor, answer, durationMs);
  if (reason !== null) return down(reason);
  const { certificate, url } = answer;
  const warning =
    monitor.days !== null && certificate ? certificateWarning(url.hostname, certificate, monitor.days) : null;
  return warning === null ? HEALTHY : { verdict: 'degraded', reason: warning };
}
