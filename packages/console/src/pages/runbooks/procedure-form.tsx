import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ChecklistDetail } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { Form } from '../../components/form.tsx';
import { SelectField } from '../../components/select-field.tsx';
import { readAgain, runbookQuery } from '../incidents/incident-queries.ts';
import { statusPageQuery } from '../status-page/status-queries.ts';

const route = getRouteApi('/console/runbooks');

const LASTS = [
  { value: '15m', label: '15 minutes' },
  { value: '30m', label: '30 minutes' },
  { value: '1h', label: '1 hour' },
  { value: '2h', label: '2 hours' },
  { value: '4h', label: '4 hours' },
];

/** Begins a procedure: its checklist, and on request a window without alerts and a notice for visitors. */
export function ProcedureForm({ id, close }: { id: string; close(): void }) {
  const queryClient = useQueryClient();
  const navigate = route.useNavigate();
  const runbook = useQuery(runbookQuery(id)).data;
  const components = useQuery(statusPageQuery).data?.components ?? [];
  const [muted, setMuted] = useState(true);
  const [told, setTold] = useState(false);
  const begin = useMutation({
    mutationFn: (input: unknown) => post<ChecklistDetail>('/api/v1/procedures', input),
    onSuccess: (run) => {
      void readAgain(queryClient);
      void navigate({ search: { view: 'procedures', run: run.id } });
    },
  });
  const submit = (data: FormData) => {
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const services = text('services')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
    begin.mutate({
      procedure: id,
      for: text('for'),
      ...(muted && { window: { reason: text('reason'), ...(services.length > 0 && { services }) } }),
      ...(told && {
        notice: { title: text('title'), body: text('body'), components: data.getAll('components').map(String) },
      }),
    });
  };
  return (
    <Form
      title={`Begin: ${runbook?.title ?? id}`}
      verb="Begin"
      error={begin.error}
      busy={begin.isPending}
      submit={submit}
      close={close}
    >
      <SelectField label="It will take" name="for" choices={LASTS} chosen="30m" />
      <label className="incident-choice">
        <input type="checkbox" checked={muted} onChange={(event) => setMuted(event.target.checked)} />
        <span>Alerts wait meanwhile, and the time counts for no monitor and no objective</span>
      </label>
      {muted && (
        <div className="change-times">
          <label className="field">
            <span className="field-label">Only these services, with commas between</span>
            <input className="input" name="services" placeholder="everything" />
          </label>
          <label className="field">
            <span className="field-label">Why</span>
            <input className="input" name="reason" placeholder="release 2.4" />
          </label>
        </div>
      )}
      <label className="incident-choice">
        <input type="checkbox" checked={told} onChange={(event) => setTold(event.target.checked)} />
        <span>Visitors are told on the status page</span>
      </label>
      {told && (
        <>
          <label className="field">
            <span className="field-label">Title for visitors</span>
            <input className="input" name="title" required defaultValue="Planned work" />
          </label>
          <label className="field">
            <span className="field-label">Text for visitors</span>
            <textarea
              className="input incident-summary"
              name="body"
              rows={3}
              required
              defaultValue="We are going to work on it. It may not be available for some minutes."
            />
          </label>
          <fieldset className="incident-choices">
            <legend className="field-label">Components</legend>
            {components.map((component) => (
              <label key={component.id} className="incident-choice">
                <input type="checkbox" name="components" value={component.id} />
                <span>{component.name}</span>
              </label>
            ))}
          </fieldset>
        </>
      )}
    </Form>
  );
}
