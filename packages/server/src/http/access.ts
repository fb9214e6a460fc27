import type { AccessRole, InstallationRole, ProjectRoles } from '@yumops/protocol';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Reach } from '../lib/reach.ts';

export type { InstallationRole, ProjectRoles };

/** What a signed-in person or an API token may do; each role includes those before it. */
export type Role = AccessRole;

const RANK: Record<InstallationRole, number> = { none: 0, viewer: 1, responder: 2, admin: 3 };

/** Whether a role includes another one. */
export function includesRole(held: InstallationRole, wanted: Role): boolean {
  return RANK[held] >= RANK[wanted];
}

/** Who makes a request. */
export interface Principal {
  id: string;
  /** E-mail of a person, name of a token. */
  name: string;
  /** What they may do everywhere, and with what belongs to no project. */
  role: InstallationRole;
  /** What they may do in single projects beyond that. */
  projects?: ProjectRoles;
  kind: 'person' | 'token';
  /** First parts of the API's paths that a token reaches; without it, all that the role allows. */
  resources?: readonly string[];
}

/** Where a principal has a role or a higher one. */
export function reachWith({ role, projects = {} }: Principal, wanted: Role): Reach {
  if (includesRole(role, wanted)) return null;
  return Object.keys(projects).filter((project) => includesRole(projects[project] as Role, wanted));
}

/** The highest role that a principal has anywhere. */
export function highestRole({ role, projects = {} }: Principal): InstallationRole {
  return [role, ...Object.values(projects)].reduce((best, one) => (RANK[one] > RANK[best] ? one : best));
}

/**
 * What a route wants a role for. `installation`: what belongs to no single project. `project`: a role in one project is
 * enough, and the route keeps to `reachOf(request)`.
 */
export type RouteReach = 'installation' | 'project';

/**
 * Makes the hook that lets a request pass only for `role` or higher (Bearer token or session cookie; cookies only
 * with a same-origin request). The principal is then in `request.principal`.
 * @param reach left out = the role must be for the whole installation
 */
export type Guard = (role: Role, reach?: RouteReach) => onRequestAsyncHookHandler;

/** The projects that this request may look into and change; `?project=` narrows it. No guard, no project. */
export function reachOf(request: FastifyRequest): Reach {
  return request.reach === undefined ? [] : request.reach;
}

/** What an ingest key opens. `all` is the preset key of automation. */
export interface IngestKey {
  scope: 'public' | 'server' | 'all';
  /** The project it belongs to; null = any project named in the path, else the default project. */
  project: string | null;
  /** Web pages that may use a public key, by origin; empty or missing = all. */
  origins?: readonly string[];
}

/** Finds a key by its secret; undefined when it is unknown or revoked. */
export type FindIngestKey = (secret: string) => Promise<IngestKey | undefined>;

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
    reach?: Reach;
  }
}
