import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import { type Reach, refuseBeyond } from '../lib/reach.ts';
import { type Guard, includesRole, type Principal, type Role, type RouteReach, reachWith } from './access.ts';

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
  const pass = async (role: Role, wanted: RouteReach, request: FastifyRequest) => {
    const principal = await identify(request, sources, publicOrigin);
    if (!principal) {
      throw new YumOpsError('unauthenticated', 'This needs a session or an API token.', {
        hint: 'Sign in, or send "Authorization: Bearer <token>"; `yumops token create` makes one.',
        status: 401,
      });
    }
    const reach = wanted === 'project' ? reachWith(principal, role) : refuseWithoutRole(principal, role);
    if (reach?.length === 0) throw lacking(principal, role);
    refuseOtherResource(request, principal);
    request.principal = principal;
    request.reach = narrowed(request, reach);
  };
  return (role, reach = 'installation') =>
    Object.assign((request: FastifyRequest) => pass(role, reach, request), { role, reach });
}

/** Lets pass only who has the role everywhere. */
function refuseWithoutRole(principal: Principal, role: Role): null {
  if (includesRole(principal.role, role)) return null;
  throw lacking(principal, role);
}

function lacking({ name, role: held, projects }: Principal, role: Role): YumOpsError {
  const where = projects === undefined ? '' : ' for the whole installation';
  const message = held === 'none' ? `${name} has no role${where}` : `${name} is ${held}${where}`;
  return new YumOpsError('forbidden', `${message}; this needs ${role}.`, { status: 403 });
}

/** The one project that `?project=` chooses. */
function narrowed({ query }: FastifyRequest, reach: Reach): Reach {
  const chosen = [(query as Record<string, unknown>)['project'] ?? []].flat().map(String);
  for (const project of chosen) refuseBeyond(reach, project);
  return chosen.length === 0 ? reach : chosen;
}

/** Writes into the OpenAPI document which role each route wants, as `x-role`, and for what, as `x-reach`. */
export function documentRoles(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const hooks = [route.onRequest].flat() as ({ role?: Role; reach?: RouteReach } | undefined)[];
    const guard = hooks.find((hook) => hook?.role !== undefined);
    if (guard !== undefined) {
      route.schema = { ...route.schema, 'x-role': guard.role, 'x-reach': guard.reach } as object;
    }
  });
}

/** Routes that carry no data of their own: who I am, and the tools, which reach the platform by other routes. */
const OPEN_TO_ALL_TOKENS = new Set(['me', 'tools']);

/** The resource of a route: the part of its path after `/api/v1/`; the Alertmanager API is `alerts`. */
export function resourceOf(path: string): string {
  if (path.startsWith('/api/v2/')) return 'alerts';
  if (path === '/mcp') return 'tools';
  return (path.startsWith('/api/v1/') ? path.slice('/api/v1/'.length) : path.slice(1)).split(/[/.]/, 1)[0] as string;
}

function refuseOtherResource(request: FastifyRequest, { name, resources }: Principal): void {
  if (resources === undefined) return;
  const resource = resourceOf(request.routeOptions.url ?? '');
  if (resources.includes(resource) || OPEN_TO_ALL_TOKENS.has(resource)) return;
  throw new YumOpsError('forbidden', `${name} reaches ${resources.join(', ')}; this is ${resource}.`, {
    hint: 'Make a token that reaches it: `yumops token create --resources`.',
    status: 403,
  });
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
