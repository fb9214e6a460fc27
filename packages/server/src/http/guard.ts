import type { FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import type { Guard, Principal, Role } from './access.ts';

const RANK: Record<Role, number> = { viewer: 1, responder: 2, admin: 3 };

/** Where principals come from. */
export interface PrincipalSources {
  byToken(secret: string): Promise<Principal | undefined>;
  byCookie(headers: Headers): Promise<Principal | undefined>;
}

/** The headers of a Fastify request as the web's `Headers`. */
export function webHeaders(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

/**
 * Refuses a request that another site's page made with this site's cookie: a foreign or `null` origin, or a
 * browser that says `cross-site`.
 */
export function refuseForeignOrigin(request: FastifyRequest, publicOrigin: string): void {
  const { origin, host } = request.headers;
  const fetchSite = request.headers['sec-fetch-site'];
  const own =
    origin === undefined || origin === publicOrigin || origin === `http://${host}` || origin === `https://${host}`;
  if (own && fetchSite !== 'cross-site') return;
  throw new YumOpsError('foreign_origin', `A page of ${origin ?? 'another site'} may not use this session.`, {
    hint: 'Open the console itself, or use an API token.',
    status: 403,
  });
}

/** Makes the guard of the REST API: a Bearer token, else a session cookie of the same origin. */
export function createGuard(sources: PrincipalSources, publicOrigin: string): Guard {
  return (role) => async (request) => {
    const principal = await identify(request, sources, publicOrigin);
    if (!principal) {
      throw new YumOpsError('unauthenticated', 'This needs a session or an API token.', {
        hint: 'Sign in, or send "Authorization: Bearer <token>"; `yumops token create` makes one.',
        status: 401,
      });
    }
    if (RANK[principal.role] < RANK[role]) {
      throw new YumOpsError('forbidden', `${principal.name} is ${principal.role}; this needs ${role}.`, {
        status: 403,
      });
    }
    request.principal = principal;
  };
}

async function identify(
  request: FastifyRequest,
  sources: PrincipalSources,
  publicOrigin: string,
): Promise<Principal | undefined> {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return sources.byToken(bearer);
  if (request.headers.cookie === undefined) return undefined;
  refuseForeignOrigin(request, publicOrigin);
  return sources.byCookie(webHeaders(request));
}
