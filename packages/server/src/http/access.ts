import type { onRequestAsyncHookHandler } from 'fastify';

/** What a signed-in person or an API token may do; each role includes those before it. */
export type Role = 'viewer' | 'responder' | 'admin';

const RANK: Record<Role, number> = { viewer: 1, responder: 2, admin: 3 };

/** Whether a role includes another one. */
export function includesRole(held: Role, wanted: Role): boolean {
  return RANK[held] >= RANK[wanted];
}

/** Who makes a request. */
export interface Principal {
  id: string;
  /** E-mail of a person, name of a token. */
  name: string;
  role: Role;
  kind: 'person' | 'token';
  /** First parts of the API's paths that a token reaches; without it, all that the role allows. */
  resources?: readonly string[];
}

/**
 * Makes the hook that lets a request pass only for `role` or higher (Bearer token or session cookie; cookies only
 * with a same-origin request). The principal is then in `request.principal`.
 */
export type Guard = (role: Role) => onRequestAsyncHookHandler;

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
  }
}
