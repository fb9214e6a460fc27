import { maskSecrets } from '../logging/secrets.ts';

/** What the errors of connections mean. Their own texts name hosts and ports. */
const WORDS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'connection timed out',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'name resolution failed',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/** Addresses with their scheme; IPv4; IPv6 in brackets; names of two and more parts; any name with a port. */
const PLACES =
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\[[0-9a-f:.]*:[0-9a-f:.]*\](?::\d+)?|(?<![0-9a-f:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}\b|\b(?:[a-z0-9_-]+\.)+[a-z]{2,}\b(?::\d+)?|\b[a-z0-9_-]+:\d{2,5}\b/gi;

/** Why a check failed, without secrets and without naming hosts: reports are read by more people than logs. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(reasonOf))].join('; ');
  }
  const { code } = (error ?? {}) as { code?: unknown };
  const known = typeof code === 'string' ? WORDS[code] : undefined;
  if (known !== undefined) {
    return known;
  }
  const text = error instanceof Error ? error.message : String(error);
  return maskSecrets(text.slice(0, 2000)).replace(PLACES, '[host]').slice(0, 500) || 'unknown error';
}
