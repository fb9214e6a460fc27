import type { InstallationRole, ProjectRoles, Role } from '../http/access.ts';

const ROLES: ReadonlySet<unknown> = new Set<Role>(['viewer', 'responder', 'admin']);

/** What somebody is allowed, where. */
export interface Grants {
  /** For the whole installation; `none` = in projects only. */
  role: InstallationRole;
  /** Beyond that, by project. */
  projects: ProjectRoles;
}

/** Reads roles by project as they are stored; null where there are none. What is not a role gives no right. */
export function readProjectRoles(stored: unknown): ProjectRoles | null {
  const value: unknown = typeof stored === 'string' ? parse(stored) : stored;
  if (typeof value !== 'object' || value === null) return null;
  const roles = Object.entries(value).filter(([project, role]) => /^\d{1,20}$/.test(project) && ROLES.has(role));
  return roles.length === 0 ? null : (Object.fromEntries(roles) as Record<string, Role>);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
