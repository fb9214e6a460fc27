import type { FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import type { FindIngestKey, IngestKey } from './access.ts';

/**
 * Finds the key of a sender of logs, traces, metrics or alerts.
 * @throws YumOpsError invalid_key (401), key_scope (403) for keys that web pages show
 */
export async function authorizeServer(request: FastifyRequest, find: FindIngestKey): Promise<IngestKey> {
  const secret = keyOf(request);
  const key = secret === undefined ? undefined : await find(secret);
  if (!key) {
    throw new YumOpsError(
      'invalid_key',
      secret === undefined ? 'An ingest key is needed.' : 'The ingest key is not known.',
      {
        status: 401,
        hint: 'Send it in the header x-yumops-key, as a Bearer token, or as ?key=.',
      },
    );
  }
  if (key.scope === 'public') {
    throw new YumOpsError('key_scope', 'A public key cannot send logs, traces, metrics or alerts.', {
      status: 403,
      hint: 'Use a key of scope "server", and keep it out of browsers.',
    });
  }
  return key;
}

/** The key that a request names: in `x-yumops-key`, as a Bearer token, as the password of basic authentication, or as `?key=`. */
export function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-yumops-key'];
  if (typeof header === 'string' && header !== '') return header;
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic !== undefined) return passwordOf(basic);
  const { key } = request.query as { key?: unknown };
  return typeof key === 'string' && key !== '' ? key : undefined;
}

function passwordOf(basic: string): string {
  return Buffer.from(basic, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
}

/**
 * Lets a public key that names its web pages be used from those alone.
 * @throws YumOpsError `origin_refused` (403), also for requests that do not say from which page they come
 */
export function requireOrigin(request: FastifyRequest, { scope, origins = [] }: IngestKey): void {
  if (scope !== 'public' || origins.length === 0) return;
  const { origin } = request.headers;
  if (origin !== undefined && origins.some((allowed) => isAllowed(origin, allowed))) return;
  throw new YumOpsError('origin_refused', `The key may not be used from ${origin ?? 'outside of a web page'}.`, {
    status: 403,
    hint: `It is for ${origins.join(', ')}.`,
  });
}

/** `https://*.shop.example` stands for every host below that domain. */
function isAllowed(origin: string, allowed: string): boolean {
  const [scheme = '', rest = ''] = allowed.split('://');
  if (!rest.startsWith('*.')) return origin.toLowerCase() === allowed;
  const lower = origin.toLowerCase();
  return lower.startsWith(`${scheme}://`) && lower.endsWith(rest.slice(1));
}
