import { YumOpsError } from '../lib/errors.ts';

/** Roles that a person or token may have for the whole installation; `none` = in projects only. */
export const INSTALLATION_ROLES = ['viewer', 'responder', 'admin', 'none'];

/** The argument `--projects`. */
export const projectsArg = {
  type: 'string',
  description: 'Roles in single projects, such as 2=viewer,3=admin; then --role is none unless it is given',
  valueHint: 'N=ROLE,…',
} as const;

/**
 * What is asked for a new account or token.
 * @throws YumOpsError `invalid_projects` (400)
 */
export function readGrants({ role, projects }: { role?: string | undefined; projects?: string | undefined }) {
  if (projects === undefined) return { role: role ?? 'viewer' };
  const pairs = projects.split(',').map((text) => text.trim().split('='));
  const wrong = pairs.find(
    ([project = '', held = '']) => !/^\d+$/.test(project) || !/^(viewer|responder|admin)$/.test(held),
  );
  if (wrong === undefined)
    return { role: role ?? 'none', projects: Object.fromEntries(pairs) as Record<string, string> };
  throw new YumOpsError('invalid_projects', `"${wrong.join('=')}" is no role in a project.`, {
    hint: 'Write for example --projects 2=viewer,3=admin.',
    status: 400,
  });
}

/** `viewer`, `viewer in 2, admin in 3`, or both. */
export function grantsText({ role, projects }: { role: string; projects: Readonly<Record<string, string>> }): string {
  const single = Object.entries(projects).map(([project, held]) => `${held} in ${project}`);
  return [...(role === 'none' ? [] : [role]), ...single].join(', ') || 'none';
}
