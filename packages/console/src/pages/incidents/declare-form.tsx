import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { IncidentDeclaration, IncidentDetail, IncidentSeverity } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { alertsQuery } from '../../api/queries.ts';
import { Form } from '../../components/form.tsx';
import { SelectField } from '../../components/select-field.tsx';
import { SEVERITY_CHOICES } from './incident-look.ts';
import { readAgain, useRunbookChoices } from './incident-queries.ts';

/** Declares an incident; what fires may be taken along. */
export function DeclareForm({ alert, close }: { alert: string | undefined; close(): void }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const firing = useQuery(alertsQuery('firing')).data?.items ?? [];
  const runbooks = useRunbookChoices();
  const declare = useMutation({
    mutationFn: (input: IncidentDeclaration) => post<IncidentDetail>('/api/v1/incidents', input),
    onSuccess: (incident) => {
      void readAgain(queryClient);
      void navigate({ to: '/incidents/$id', params: { id: incident.id } });
    },
  });
  const submit = (data: FormData) => {
    const text = (name: string) => String(data.get(name) ?? '');
    declare.mutate({
      title: text('title'),
      severity: text('severity') as IncidentSeverity,
      summary: text('summary'),
      alerts: data.getAll('alerts').map(String),
      drill: data.get('drill') === 'on',
      ...(text('runbook') !== '' && { runbook: text('runbook') }),
    });
  };
  return (
    <Form
      title="Declare an incident"
      verb="Declare"
      error={declare.error}
      busy={declare.isPending}
      submit={submit}
      close={close}
    >
      <label className="field">
        <span className="field-label">What is wrong, in one line</span>
        <input
          className="input"
          name="title"
          required
          maxLength={200}
          defaultValue={firing.find(({ id }) => id === alert)?.rule}
          placeholder="Orders fail"
        />
      </label>
      <div className="change-times">
        <SelectField label="Severity" name="severity" choices={SEVERITY_CHOICES} chosen="major" />
        <SelectField
          label="Runbook"
          name="runbook"
          choices={[{ value: '', label: 'That of its alerts' }, ...runbooks]}
          chosen=""
        />
      </div>
      <label className="field">
        <span className="field-label">What is known so far</span>
        <textarea className="input incident-summary" name="summary" rows={3} />
      </label>
      {firing.length > 0 && (
        <fieldset className="incident-choices">
          <legend className="field-label">Alerts that belong to it</legend>
          {firing.slice(0, 20).map(({ id, summary }) => (
            <label key={id} className="incident-choice">
              <input type="checkbox" name="alerts" value={id} defaultChecked={id === alert} />
              <span>{summary}</span>
            </label>
          ))}
        </fieldset>
      )}
      <label className="incident-choice">
        <input type="checkbox" name="drill" />
        <span>A drill: marked everywhere, counted in no figure</span>
      </label>
    </Form>
  );
}
