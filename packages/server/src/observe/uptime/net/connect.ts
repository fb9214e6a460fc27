import { connect, type LookupFunction, type Socket } from 'node:net';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { ResolvedAddress } from './resolve.ts';

/**
 * Opens a TCP connection to one of the addresses; several are tried as in RFC 8305 (both families, a short head
 * start). The socket is destroyed when the signal aborts.
 * @throws {YumOpsError} `connect_failed` with a sentence, or the signal's reason
 */
export function openSocket(addresses: readonly ResolvedAddress[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: target(addresses), port, lookup: pinned(addresses), noDelay: true });
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', onAbort));
    socket.once('connect', () => {
      socket.off('error', onError);
      resolve(socket);
    });
    const onError = (error: Error) => reject(signal.aborted ? signal.reason : connectFailure(error, addresses, port));
    socket.once('error', onError);
    // Whoever uses the socket hears of its errors in its own way; one that comes in between must not end the process.
    socket.on('error', () => undefined);
  });
}

/** One address is dialled as it is; with several the name only stands for what `pinned` answers. */
function target(addresses: readonly ResolvedAddress[]): string {
  const [first, second] = addresses;
  return first && !second ? first.address : 'pinned.invalid';
}

/** A look-up that answers with addresses that were vetted before. */
function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const first = addresses[0];
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

const CONNECT_REASONS: Record<string, string> = {
  ECONNREFUSED: 'was refused',
  ECONNRESET: 'was reset',
  ETIMEDOUT: 'got no answer',
  EHOSTUNREACH: 'failed: no route to the host',
  ENETUNREACH: 'failed: the network is unreachable',
  EACCES: 'is not permitted by this machine',
  EPERM: 'is not permitted by this machine',
};

function connectFailure(error: Error, addresses: readonly ResolvedAddress[], port: number): YumOpsError {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const reason = CONNECT_REASONS[codeOf(first) ?? ''] ?? `failed: ${messageOf(first)}`;
  const targets = addresses.map(({ address, family }) =>
    family === 6 ? `[${address}]:${port}` : `${address}:${port}`,
  );
  return new YumOpsError('connect_failed', `The connection to ${targets.join(' and ')} ${reason}.`, { cause: error });
}
