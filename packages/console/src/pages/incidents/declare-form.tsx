import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { IncidentDeclaration, IncidentDetail, IncidentSeverity } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { alertsQuery } from '../../api/queries.ts';
import { Form } from '../../components/form.tsx';
import { SEVERITIES } from './incident-look.ts';
import { readAgain, runbooksQuery } from './incident-queries.ts';

/** Declares an incident; what fires may be taken along. */
export function DeclareForm({ alert, close }: { alert: string | undefined; close(): void }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const firing = useQuery(alertsQuery('firing')).data?.items ?? [];
  const runbooks = useQuery(runbooksQuery).data?.items.filter(({ kind }) => kind === 'runbook') ?? [];
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
        <label className="field">
          <span className="field-label">Severity</span>
          <select className="input" name="severity" defaultValue="major">
            {Object.entries(SEVERITIES).map(([value, { word }]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span className="field-label">Runbook</span>
          <select className="input" name="runbook" defaultValue="">
            <option value="">That of its alerts</option>
            {runbooks.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </label>
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
