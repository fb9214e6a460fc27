import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { IncidentDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { Form } from '../../components/form.tsx';
import { SelectField } from '../../components/select-field.tsx';
import { SEVERITY_CHOICES } from './incident-look.ts';
import { readAgain, useRunbookChoices } from './incident-queries.ts';

const ROLES = [
  { name: 'commander', label: 'Commander' },
  { name: 'communications', label: 'Communications' },
  { name: 'scribe', label: 'Scribe' },
] as const;

/** What is known of an incident, and who does what in it. */
export function EditForm({ incident, close }: { incident: IncidentDetail; close(): void }) {
  const queryClient = useQueryClient();
  const runbooks = useRunbookChoices();
  const edit = useMutation({
    mutationFn: (input: unknown) => post(`/api/v1/incidents/${incident.id}`, input),
    onSuccess: () => {
      void readAgain(queryClient);
      close();
    },
  });
  const submit = (data: FormData) => {
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const began = Date.parse(`${text('startedAt')}Z`);
    edit.mutate({
      title: text('title'),
      summary: text('summary'),
      severity: text('severity'),
      roles: Object.fromEntries(ROLES.map(({ name }) => [name, text(name) === '' ? null : text(name)])),
      runbook: text('runbook') === '' ? null : text('runbook'),
      ...(Number.isFinite(began) &&
        text('startedAt') !== incident.startedAt.slice(0, 19) && { startedAt: new Date(began).toISOString() }),
    });
  };
  return (
    <Form
      title={`Incident ${incident.number}`}
      verb="Save"
      error={edit.error}
      busy={edit.isPending}
      submit={submit}
      close={close}
    >
      <label className="field">
        <span className="field-label">Title</span>
        <input className="input" name="title" required maxLength={200} defaultValue={incident.title} />
      </label>
      <label className="field">
        <span className="field-label">Summary</span>
        <textarea className="input incident-summary" name="summary" rows={3} defaultValue={incident.summary} />
      </label>
      <div className="change-times">
        <SelectField label="Severity" name="severity" choices={SEVERITY_CHOICES} chosen={incident.severity} />
        <SelectField
          label="Runbook"
          name="runbook"
          choices={[{ value: '', label: 'None' }, ...runbooks]}
          chosen={incident.runbook ?? ''}
        />
      </div>
      <div className="change-times">
        {ROLES.map(({ name, label }) => (
          <label key={name} className="field">
            <span className="field-label">{label}</span>
            <input className="input" name={name} defaultValue={incident.roles[name] ?? ''} />
          </label>
        ))}
      </div>
      <label className="field">
        <span className="field-label">When the fault began, UTC</span>
        <input
          className="input"
          name="startedAt"
          type="datetime-local"
          step="1"
          defaultValue={incident.startedAt.slice(0, 19)}
        />
      </label>
    </Form>
  );
}
