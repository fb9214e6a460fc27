import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { codeOf, messageOf, YumOpsError } from '../../../../lib/errors.ts';
import type { Attempt } from '../../attempt.ts';
import type { CertificateFacts } from '../../check.ts';
import { dial, type SecureOptions, secure } from '../../net/dial.ts';
import { type Body, readBody } from './body.ts';

export interface HttpRequest {
  url: URL;
  method: string;
  /** What every check sends. */
  headers: Readonly<Record<string, string>>;
  /** Headers of the monitor, credentials among them: for its own origin only. */
  ownHeaders: Readonly<Record<string, string>>;
  body: string | null;
  /** What TLS needs beyond the system's; null = nothing. */
  tls: SecureOptions | null;
}

export interface HttpAnswer {
  /** Where the answer came from, after redirects. */
  url: URL;
  status: number;
  statusText: string;
  headers: Readonly<Record<string, string>>;
  /** Each `Set-Cookie` as it came. */
  cookies: readonly string[];
  body: Body;
  certificate: CertificateFacts | null;
}

/**
 * Sends one request over a connection of its own and reads the answer. Redirects are answers.
 * @throws {YumOpsError} with a sentence that says what went wrong, or the signal's reason at the deadline
 */
export async function exchange(request: HttpRequest, attempt: Attempt): Promise<HttpAnswer> {
  const socket = await open(request, attempt);
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
      cookies: response.headers['set-cookie'] ?? [],
      body,
      certificate: attempt.certificate,
    };
  } finally {
    socket.destroy();
  }
}

async function open({ url, tls }: HttpRequest, attempt: Attempt): Promise<Socket> {
  const isSecure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const raw = await dial(host, Number(url.port || (isSecure ? 443 : 80)), attempt);
  return isSecure ? secure(raw, host, attempt, { ...tls, alpn: ['http/1.1'] }) : raw;
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

/** Why no answer came, as a sentence. */
export function answerFailure(error: Error): YumOpsError {
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
