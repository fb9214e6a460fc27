import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ComponentStatus, PostKind, StatusComponent, StatusPost } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { Form } from '../../components/form.tsx';
import { SelectField } from '../../components/select-field.tsx';
import { readAgain } from '../incidents/incident-queries.ts';
import { COMPONENTS } from './status-look.ts';

const IMPACTS = [
  { value: 'minor', label: 'Minor: slower, or a part of it' },
  { value: 'major', label: 'Major: something does not work' },
  { value: 'critical', label: 'Critical: nothing works' },
  { value: 'none', label: 'None: only to be known' },
];

/** What may be said of a component. */
export const SAYABLE: readonly ComponentStatus[] = [
  'operational',
  'degraded_performance',
  'partial_outage',
  'major_outage',
];

/** The components that a form names, each with what is said of it; empty = as the checks find it. */
export function componentsOf(data: FormData, components: readonly StatusComponent[]) {
  return components.flatMap(({ id }) => {
    const status = String(data.get(`component-${id}`) ?? '');
    return status === '' ? [] : [{ id, status: status as ComponentStatus }];
  });
}

/** Writes a post: as a draft, or at once for everybody. */
export function PostForm({
  kind,
  components,
  close,
}: {
  kind: PostKind;
  components: readonly StatusComponent[];
  close(): void;
}) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const planned = kind === 'maintenance';
  const add = useMutation({
    mutationFn: (input: unknown) => post<StatusPost>('/api/v1/status/posts', input),
    onSuccess: ({ id }) => {
      void readAgain(queryClient);
      void navigate({ to: '/status-page', search: { post: id } });
    },
  });
  const submit = (data: FormData) => {
    const text = (name: string) => String(data.get(name) ?? '');
    const instant = (name: string) => new Date(text(name)).toISOString();
    add.mutate({
      ...{ kind, title: text('title'), body: text('body'), publish: data.get('publish') === 'on' },
      components: componentsOf(data, components),
      ...(planned ? { scheduledStart: instant('start'), scheduledEnd: instant('end') } : { impact: text('impact') }),
    });
  };
  return (
    <Form
      title={planned ? 'Plan work' : 'Report'}
      verb="Save"
      error={add.error}
      busy={add.isPending}
      submit={submit}
      close={close}
    >
      <label className="field">
        <span className="field-label">Title, in words that visitors know</span>
        <input
          className="input"
          name="title"
          required
          maxLength={300}
          placeholder={planned ? 'Work on the search' : 'Problems with the search'}
        />
      </label>
      {planned ? (
        <div className="change-times">
          <label className="field">
            <span className="field-label">From, your time</span>
            <input className="input" name="start" type="datetime-local" required />
          </label>
          <label className="field">
            <span className="field-label">To</span>
            <input className="input" name="end" type="datetime-local" required />
          </label>
        </div>
      ) : (
        <SelectField label="Impact" name="impact" choices={IMPACTS} chosen="minor" />
      )}
      <label className="field">
        <span className="field-label">Text</span>
        <textarea className="input post-body" name="body" rows={4} required />
      </label>
      <ComponentChoices components={components} planned={planned} chosen={[]} />
      <label className="incident-choice">
        <input type="checkbox" name="publish" />
        <span>Publish at once; else it stays a draft</span>
      </label>
    </Form>
  );
}

interface ChoicesProps {
  components: readonly StatusComponent[];
  planned: boolean;
  chosen: readonly { id: string; status: ComponentStatus }[];
}

/** What is said of each component. */
export function ComponentChoices({ components, planned, chosen }: ChoicesProps) {
  return (
    <fieldset className="component-choices">
      <legend className="field-label">Components</legend>
      {components.map(({ id, name }) => (
        <label key={id} className="component-choice">
          <span>{name}</span>
          <select
            className="input"
            name={`component-${id}`}
            defaultValue={chosen.find((one) => one.id === id)?.status ?? ''}
          >
            <option value="">{planned ? 'Not concerned' : 'As the checks find it'}</option>
            {(planned ? (['under_maintenance'] as const) : SAYABLE).map((status) => (
              <option key={status} value={status}>
                {COMPONENTS[status].word}
              </option>
            ))}
          </select>
        </label>
      ))}
    </fieldset>
  );
}
