import type { InstallationRole, ProjectRoles } from '@yumops/protocol';

/** `viewer`, `viewer in project 2`, or both. */
export function grantsText({ role, projects }: { role: InstallationRole; projects: ProjectRoles }): string {
  const single = Object.entries(projects).map(([project, held]) => `${held} in project ${project}`);
  return [...(role === 'none' ? [] : [role]), ...single].join(', ') || 'no role';
}
