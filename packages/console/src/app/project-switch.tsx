import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { meQuery, projectsQuery } from '../api/queries.ts';
import './project-switch.css';

/** Which project the pages show, where there are several to choose from; its name where one reaches no more than one. */
export function ProjectSwitch() {
  const { project } = useSearch({ strict: false });
  const me = useQuery(meQuery).data;
  const projects = useQuery(projectsQuery).data?.items ?? [];
  const navigate = useNavigate();
  useForgetOthers(project);
  const everywhere = me !== undefined && me.role !== 'none';
  const only = projects.length === 1 ? projects[0] : undefined;
  if (me === undefined || (everywhere && projects.length < 2 && project === undefined)) return null;
  if (!everywhere && only !== undefined) return <p className="project-only truncate">Project {only.id}</p>;
  const choose = (chosen: string) =>
    void navigate({ to: '.', search: (before) => ({ ...before, project: chosen === '' ? undefined : chosen }) });
  return (
    <label className="project-switch">
      <span className="visually-hidden">Project</span>
      <select value={project ?? ''} onChange={(event) => choose(event.target.value)}>
        <option value="">{everywhere ? 'All projects' : 'All my projects'}</option>
        {projects.map(({ id }) => (
          <option key={id} value={id}>
            Project {id}
          </option>
        ))}
        {project !== undefined && projects.every(({ id }) => id !== project) && (
          <option value={project}>Project {project}</option>
        )}
      </select>
    </label>
  );
}

/** What was read for one project is not shown for another. */
function useForgetOthers(project: string | undefined): void {
  const queryClient = useQueryClient();
  const shown = useRef(project);
  useEffect(() => {
    if (shown.current === project) return;
    shown.current = project;
    void queryClient.resetQueries();
  }, [project, queryClient]);
}
