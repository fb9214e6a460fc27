import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { YumOpsError } from '../../../lib/errors.ts';
import type { Attempt } from '../attempt.ts';
import { openSocket } from './connect.ts';
import { type ResolvedAddress, resolveAllowed } from './resolve.ts';
import { openTls, type TlsOptions } from './tls.ts';

/** The addresses of a host that the monitor may reach. */
export function findAddresses(host: string, attempt: Attempt): Promise<readonly ResolvedAddress[]> {
  if (isIP(host) === 0) attempt.timer.enter('dns');
  return orAborted(resolveAllowed(host, attempt.allowPrivate, attempt.context.resolve), attempt.signal);
}

/**
 * Opens a TCP connection to a host that the monitor may reach.
 * @param host a name, or an address without brackets
 * @throws {YumOpsError} with a sentence, or the attempt's reason at its deadline
 */
export async function dial(host: string, port: number, attempt: Attempt): Promise<Socket> {
  const addresses = await findAddresses(host, attempt);
  attempt.timer.enter('connect');
  return openSocket(addresses, port, attempt.signal);
}

/** What a caller may say of the handshake; certificates to trust come on top of the context's. */
export type SecureOptions = Partial<Pick<TlsOptions, 'ca' | 'alpn' | 'client'>>;

/**
 * Makes the TLS handshake on a connection; destroys it when the certificate is not trusted.
 * @throws {YumOpsError} `certificate_distrusted` and what `openTls` throws
 */
export async function secure(
  raw: Socket,
  host: string,
  attempt: Attempt,
  options: SecureOptions = {},
): Promise<TLSSocket> {
  const { timer, context, signal } = attempt;
  timer.enter('tls');
  const ca = [...context.ca, ...(options.ca ?? [])];
  const session = await openTls(raw, host, { ...options, ca, now: context.clock.now(), signal });
  attempt.certificate = session.certificate;
  if (session.distrust !== null) {
    session.socket.destroy();
    throw new YumOpsError('certificate_distrusted', session.distrust);
  }
  return session.socket;
}

/** Leaves work behind at the deadline that cannot be cancelled, such as a system look-up. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
