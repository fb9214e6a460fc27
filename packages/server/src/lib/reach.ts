import { YumOpsError } from './errors.ts';

/** The projects that somebody may see or change, by their digits; null = the whole installation. */
export type Reach = readonly string[] | null;

/** Whether a thing of `project` is within a reach. A thing of no project belongs to the whole installation. */
export function reaches(reach: Reach, project: string | null | undefined): boolean {
  return reach === null || (project != null && reach.includes(project));
}

/** Whether a thing that looks at `projects` is within a reach; one that looks at all projects has none. */
export function reachesAll(reach: Reach, projects: readonly string[]): boolean {
  return reach === null || (projects.length > 0 && projects.every((project) => reach.includes(project)));
}

/** @throws YumOpsError `forbidden` (403) where `project` is not within a reach */
export function refuseBeyond(reach: Reach, project: string | null | undefined): void {
  if (reaches(reach, project)) return;
  const what = project == null ? 'the whole installation' : `project ${project}`;
  throw new YumOpsError('forbidden', `This needs a role in ${what}.`, {
    hint: `You reach ${(reach ?? []).map((one) => `project ${one}`).join(', ') || 'no project'} with it.`,
    status: 403,
  });
}
