import type { Me } from '@yumops/protocol';

/** The project that the address chooses; null = all that one reaches. */
export function chosenProject(): string | null {
  const project = new URLSearchParams(window.location.search).get('project');
  return project !== null && /^\d{1,20}$/.test(project) ? project : null;
}

/** Paths that choose a project themselves, and what is asked to choose one. */
const OF_ALL = /[?&]project=|^\/api\/v1\/(?:projects|me|instance)\b/;

/** A path of the API, for the chosen project alone. */
export function inProject(path: string): string {
  const project = chosenProject();
  if (project === null || !path.startsWith('/api/v1/') || OF_ALL.test(path)) return path;
  return `${path}${path.includes('?') ? '&' : '?'}project=${project}`;
}

/** Whether somebody may act on what the page shows: in the chosen project, or in one of all. */
export function mayRespond(me: Me | undefined): boolean {
  if (me === undefined) return false;
  const project = chosenProject();
  const single = project === null ? Object.values(me.projects) : [me.projects[project]];
  return [me.role, ...single].some((role) => role === 'responder' || role === 'admin');
}
