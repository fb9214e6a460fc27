import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, rootCertificates, type SecureVersion, type TLSSocket } from 'node:tls';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { CertificateFacts } from '../check.ts';

const DAY = 86_400_000;

export interface TlsSession {
  socket: TLSSocket;
  certificate: CertificateFacts | null;
  /** A sentence that says why the certificate is not trusted; null when it is. */
  distrust: string | null;
}

export interface TlsOptions {
  /** PEM certificates trusted beside the public roots. */
  ca: readonly string[];
  /** Milliseconds since the epoch. */
  now: number;
  signal: AbortSignal;
  /** Protocols to choose from; none = the question is not asked. */
  alpn?: readonly string[];
  /** What this side shows of itself, PEM. */
  client?: { cert: string; key: string } | null;
  /** What is offered, where it is not what Node offers by itself. */
  offer?: { minVersion: SecureVersion; maxVersion: SecureVersion; ciphers?: string };
}

/**
 * Makes the TLS handshake and reads the certificate, also of a server that must not be trusted. Nothing may be sent
 * when `distrust` is set.
 * @param host the name that the certificate must bear
 * @throws {YumOpsError} `tls_failed` when no session comes about, or the signal's reason
 */
export function openTls(raw: Socket, host: string, options: TlsOptions): Promise<TlsSession> {
  return new Promise((resolve, reject) => {
    options.signal.throwIfAborted();
    const socket = connect({
      socket: raw,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
      ...(options.alpn ? { ALPNProtocols: [...options.alpn] } : {}),
      ...options.client,
      ...options.offer,
      ...(options.ca.length > 0 ? { ca: [...rootCertificates, ...options.ca] } : {}),
    });
    const onError = (error: Error) =>
      reject(
        options.signal.aborted
          ? options.signal.reason
          : new YumOpsError('tls_failed', `The TLS handshake with ${host} failed: ${handshakeReason(error)}.`, {
              cause: error,
            }),
      );
    socket.once('error', onError);
    socket.on('error', () => undefined);
    socket.once('secureConnect', () => {
      socket.off('error', onError);
      const leaf = socket.getPeerCertificate(true);
      const certificate = readCertificate(leaf, options.now);
      const distrust = socket.authorized ? null : whyDistrusted(socket.authorizationError, host, leaf, certificate);
      resolve({ socket, certificate, distrust });
    });
  });
}

function handshakeReason(error: Error): string {
  if (codeOf(error) === 'ECONNRESET') return 'the server closed the connection';
  if (codeOf(error) === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'the server does not speak TLS on this port';
  const reason = (error as { reason?: unknown }).reason;
  return typeof reason === 'string' ? reason : messageOf(error);
}

function readCertificate(leaf: DetailedPeerCertificate, now: number): CertificateFacts | null {
  if (!leaf.valid_to) return null;
  const validTo = Date.parse(leaf.valid_to);
  return {
    days: Math.floor((validTo - now) / DAY),
    issuer: nameOf(leaf.issuer),
    subject: nameOf(leaf.subject),
    validFrom: Date.parse(leaf.valid_from),
    validTo,
  };
}

function nameOf(entity: { CN?: string | string[]; O?: string | string[] } | undefined): string {
  return [entity?.CN ?? entity?.O ?? 'unnamed'].flat().join(', ');
}

function whyDistrusted(
  error: unknown,
  host: string,
  leaf: DetailedPeerCertificate,
  certificate: CertificateFacts | null,
): string {
  const code = typeof error === 'string' ? error : (codeOf(error) ?? messageOf(error));
  const issuer = certificate?.issuer ?? 'unnamed';
  const end = certificate ? new Date(certificate.validTo).toISOString().slice(0, 10) : 'an unknown day';
  const start = certificate ? new Date(certificate.validFrom).toISOString().slice(0, 10) : 'an unknown day';
  const sentences: Record<string, string> = {
    CERT_HAS_EXPIRED:
      certificate && certificate.days < 0
        ? `The certificate of ${host} expired on ${end}.`
        : `A certificate in the chain of ${host} has expired.`,
    CERT_NOT_YET_VALID: `The certificate of ${host} is not valid before ${start}.`,
    DEPTH_ZERO_SELF_SIGNED_CERT: `The certificate of ${host} is self-signed and not trusted.`,
    SELF_SIGNED_CERT_IN_CHAIN: `The chain of ${host} ends in a self-signed certificate that is not trusted.`,
    UNABLE_TO_GET_ISSUER_CERT: `The certificate of ${host} comes from "${issuer}", which is not trusted.`,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `The certificate of ${host} comes from "${issuer}", which is not trusted.`,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: `The certificate of ${host} comes from "${issuer}", which is not trusted, or an intermediate certificate is missing.`,
    CERT_REVOKED: `The certificate of ${host} was revoked.`,
    ERR_TLS_CERT_ALTNAME_INVALID: `Expected a certificate for ${host}, got one for ${namesOf(leaf)}.`,
  };
  return sentences[code] ?? `The certificate of ${host} is not trusted: ${code}.`;
}

function namesOf(leaf: DetailedPeerCertificate): string {
  const names = (leaf.subjectaltname ?? '')
    .split(', ')
    .map((entry) => entry.replace(/^(DNS|IP Address):/, ''))
    .filter((entry) => entry !== '');
  if (names.length === 0) return nameOf(leaf.subject);
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}
