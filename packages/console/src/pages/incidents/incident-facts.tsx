import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { IncidentDetail, IncidentTask, StatusPost } from '@yumops/protocol';
import type { FormEvent } from 'react';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { POST_STATUSES, STATUSES } from './incident-look.ts';
import { postsOfIncidentQuery, readAgain } from './incident-queries.ts';

/** What belongs to an incident beside its story. */
export function Facts({ incident }: { incident: IncidentDetail }) {
  const me = useQuery(meQuery).data;
  const mayAct = me !== undefined && me.role !== 'viewer';
  return (
    <>
      <StatusPosts id={incident.id} mayAct={mayAct} />
      <Tasks incident={incident} mayAct={mayAct} />
      <Panel title="Alerts" note={String(incident.alerts.length)} flush>
        {incident.alerts.length === 0 && <p className="incident-none">No alert belongs to it.</p>}
        <ul>
          {incident.alerts.map(({ id, rule, severity, state, acknowledgedBy }) => (
            <li key={id} className="incident-item">
              <State {...SEVERITY[severity]} />
              <Link to="/alerts/$id" params={{ id }}>
                {rule}
              </Link>
              <span className="quiet">
                {state}
                {acknowledgedBy !== null && `, ${acknowledgedBy} has it`}
              </span>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Like it before" flush>
        {incident.related.length === 0 && <p className="incident-none">No incident with the same rules or runbook.</p>}
        <ul>
          {incident.related.map(({ id, number, title, status, declaredAt, why }) => (
            <li key={id} className="incident-item">
              <State {...STATUSES[status]} />
              <Link to="/incidents/$id" params={{ id }}>
                {number} · {title}
              </Link>
              <span className="quiet">
                <Instant at={declaredAt} /> · {why}
              </span>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}

function StatusPosts({ id, mayAct }: { id: string; mayAct: boolean }) {
  const queryClient = useQueryClient();
  const posts = useQuery(postsOfIncidentQuery(id)).data?.items ?? [];
  const draft = useMutation({
    mutationFn: () => post<StatusPost>(`/api/v1/incidents/${id}/status-post`, {}),
    onSuccess: () => readAgain(queryClient),
  });
  return (
    <Panel title="Status page" flush>
      {posts.length === 0 && <p className="incident-none">Visitors are told nothing of it.</p>}
      <ul>
        {posts.map(({ id: own, title, status, publishedAt }) => (
          <li key={own} className="incident-item">
            {publishedAt === null ? (
              <State tone="none" icon="pending" word="Draft" />
            ) : (
              <State {...POST_STATUSES[status]} />
            )}
            <Link to="/status-page" search={{ post: own }}>
              {title}
            </Link>
          </li>
        ))}
      </ul>
      {mayAct && posts.length === 0 && (
        <p className="incident-none">
          <Button disabled={draft.isPending} onClick={() => draft.mutate()}>
            Draft a post
          </Button>
          <RefusedNote error={draft.error} />
        </p>
      )}
    </Panel>
  );
}

function Tasks({ incident, mayAct }: { incident: IncidentDetail; mayAct: boolean }) {
  const queryClient = useQueryClient();
  const path = `/api/v1/incidents/${incident.id}/tasks`;
  const add = useMutation({
    mutationFn: (title: string) => post(path, { title }),
    onSuccess: () => readAgain(queryClient),
  });
  const set = useMutation({
    mutationFn: ({ id, doneAt }: IncidentTask) => post(`${path}/${id}`, { done: doneAt === null }),
    onSuccess: () => readAgain(queryClient),
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const title = String(new FormData(form).get('title')).trim();
    if (title === '') return;
    add.mutate(title);
    form.reset();
  };
  return (
    <Panel
      title="Tasks"
      note={`${incident.tasks.filter(({ doneAt }) => doneAt !== null).length} of ${incident.tasks.length} done`}
      flush
    >
      <ul>
        {incident.tasks.map((task) => (
          <li key={task.id} className="incident-item">
            <label className="incident-choice">
              <input
                type="checkbox"
                checked={task.doneAt !== null}
                disabled={!mayAct || set.isPending}
                onChange={() => set.mutate(task)}
              />
              <span>
                {task.title}
                {task.assignee !== null && <span className="quiet"> {task.assignee}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
      {mayAct && (
        <form className="story-comment" onSubmit={send}>
          <label className="field">
            <span className="visually-hidden">New task</span>
            <input className="input" name="title" placeholder="What must be done about it" />
          </label>
          <Button type="submit">Add</Button>
          <RefusedNote error={add.error ?? set.error} />
        </form>
      )}
    </Panel>
  );
}
