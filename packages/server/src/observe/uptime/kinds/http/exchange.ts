import { request as httpRequest, type IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { codeOf, messageOf, YumOpsError } from '../../../../lib/errors.ts';
import type { CertificateFacts, CheckContext } from '../../check.ts';
import type { AllowPrivate } from '../../net/address.ts';
import { openSocket } from '../../net/connect.ts';
import type { PhaseTimer } from '../../net/phase-timer.ts';
import { resolveAllowed } from '../../net/resolve.ts';
import { openTls } from '../../net/tls.ts';
import { type Body, readBody } from './body.ts';

export interface HttpRequest {
  url: URL;
  method: string;
  /** What every check sends. */
  headers: Readonly<Record<string, string>>;
  /** Headers of the monitor, credentials among them: for its own origin only. */
  ownHeaders: Readonly<Record<string, string>>;
  body: string | null;
}

export interface HttpAnswer {
  /** Where the answer came from, after redirects. */
  url: URL;
  status: number;
  statusText: string;
  headers: Readonly<Record<string, string>>;
  body: Body;
  certificate: CertificateFacts | null;
}

/** What one check holds on to while it runs. */
export interface Attempt {
  context: CheckContext;
  timer: PhaseTimer;
  /** Aborts at the check's deadline. */
  signal: AbortSignal;
  allowPrivate: AllowPrivate;
  /** Facts of the last certificate seen, kept when the check fails after it. */
  certificate: CertificateFacts | null;
}

/**
 * Sends one request over a connection of its own and reads the answer. Redirects are answers.
 * @throws {YumOpsError} with a sentence that says what went wrong, or the signal's reason at the deadline
 */
export async function exchange(request: HttpRequest, attempt: Attempt): Promise<HttpAnswer> {
  const socket = await open(request.url, attempt);
  try {
    attempt.timer.enter('firstByte');
    const response = await send(request, socket, attempt.signal);
    attempt.timer.enter('body');
    const body = await readBody(response, request.method, attempt.signal);
    return {
      url: request.url,
      status: response.statusCode ?? 0,
      statusText: response.statusMessage ?? '',
      headers: flatHeaders(response),
      body,
      certificate: attempt.certificate,
    };
  } finally {
    socket.destroy();
  }
}

async function open(url: URL, attempt: Attempt): Promise<Socket> {
  const { timer, context, signal } = attempt;
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0) timer.enter('dns');
  const addresses = await orAborted(resolveAllowed(host, attempt.allowPrivate, context.resolve), signal);
  timer.enter('connect');
  const raw = await openSocket(addresses, Number(url.port || (secure ? 443 : 80)), signal);
  if (!secure) return raw;
  timer.enter('tls');
  const session = await openTls(raw, host, { ca: context.ca, now: context.clock.now(), signal });
  attempt.certificate = session.certificate;
  if (session.distrust !== null) {
    session.socket.destroy();
    throw new YumOpsError('certificate_distrusted', session.distrust);
  }
  return session.socket;
}

/** A system look-up cannot be cancelled; at the deadline its answer is left behind. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function send(request: HttpRequest, socket: Socket, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: `${request.url.pathname}${request.url.search}`,
      headers: { host: request.url.host, ...request.headers, ...request.ownHeaders },
      setHost: false,
    });
    outgoing.once('response', resolve);
    outgoing.once('upgrade', () => reject(new YumOpsError('not_http', 'The server switched to another protocol.')));
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : answerFailure(error)));
    outgoing.end(request.body ?? undefined);
  });
}

function answerFailure(error: Error): YumOpsError {
  const code = codeOf(error) ?? '';
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new YumOpsError('not_http', 'The headers of the answer are larger than 16 KB.', { cause: error });
  }
  if (code.startsWith('HPE_')) {
    const detail = messageOf(error).replace(/^Parse Error: /, '');
    return new YumOpsError('not_http', `The answer is not HTTP: ${detail}.`, { cause: error });
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new YumOpsError('connection_closed', 'The server closed the connection before it answered.', {
      cause: error,
    });
  }
  return new YumOpsError('request_failed', `The request failed: ${messageOf(error)}.`, { cause: error });
}

function flatHeaders(response: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
