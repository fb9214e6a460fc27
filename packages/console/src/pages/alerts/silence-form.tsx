import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Alert, Page, SilenceRequest } from '@yumops/protocol';
import { useDeferredValue, useState } from 'react';
import { post } from '../../api/client.ts';
import { Form } from '../../components/form.tsx';
import { SelectField } from '../../components/select-field.tsx';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';
import { plural } from '../../format/number.ts';

const LASTS = [
  { value: '1', label: '1 hour' },
  { value: '2', label: '2 hours' },
  { value: '8', label: '8 hours' },
  { value: '24', label: '1 day' },
  { value: '168', label: '7 days' },
  { value: 'resolved', label: 'Until what matches now is resolved' },
];
const HOUR_MS = 3_600_000;
const SHOWN = 5;

/** Mutes alerts by their labels; what matches now is shown before anything is muted. */
export function SilenceForm({ matchers: given, close }: { matchers: string; close(): void }) {
  const queryClient = useQueryClient();
  const [text, setText] = useState(given);
  const matchers = linesOf(text);
  const add = useMutation({
    mutationFn: (input: SilenceRequest) => post('/api/v1/silences', input),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['silences'] });
      void queryClient.invalidateQueries({ queryKey: ['alerts'] });
      close();
    },
  });
  const submit = (data: FormData) => {
    const lasts = String(data.get('lasts'));
    const reason = String(data.get('reason'));
    const end = new Date(Date.now() + Number(lasts) * HOUR_MS).toISOString();
    add.mutate({ matchers, reason, ...(lasts === 'resolved' ? { untilResolved: true } : { end }) });
  };
  return (
    <Form
      title="Silence alerts"
      verb="Silence"
      error={add.error}
      busy={add.isPending}
      ready={matchers.length > 0}
      submit={submit}
      close={close}
    >
      <label className="field">
        <span className="field-label">Labels, one condition a line; all hold</span>
        <textarea
          className="input silence-matchers mono"
          rows={4}
          value={text}
          placeholder={'alertname="High Error Rate"\nservice=~"api|web"'}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <Matches matchers={useDeferredValue(matchers.join('\n'))} />
      <SelectField label="For" name="lasts" choices={LASTS} chosen="2" />
      <label className="field">
        <span className="field-label">Why</span>
        <input className="input" name="reason" required placeholder="deploy of release 4.2" />
      </label>
    </Form>
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The alerts that would be muted now. */
function Matches({ matchers }: { matchers: string }) {
  const query = useQuery({
    queryKey: ['silences', 'preview', matchers],
    queryFn: ({ signal }) => post<Page<Alert>>('/api/v1/silences/preview', { matchers: linesOf(matchers) }, signal),
    enabled: matchers !== '',
    retry: false,
  });
  if (matchers === '') return <p className="form-help">What matches now will be shown here.</p>;
  if (query.error !== null) return <State tone="bad" word={query.error.message} />;
  if (query.data === undefined) return <p className="form-help">Looking…</p>;
  const { items } = query.data;
  return (
    <div className="silence-matches" role="status">
      <p className="form-help">
        {items.length === 0
          ? 'No alert matches now; later ones will be muted.'
          : `Mutes ${plural(items.length, 'alert')}:`}
      </p>
      <ul>
        {items.slice(0, SHOWN).map((alert) => (
          <li key={alert.id}>
            <State {...SEVERITY[alert.severity]} /> {alert.summary}
          </li>
        ))}
        {items.length > SHOWN && <li className="quiet">and {items.length - SHOWN} more</li>}
      </ul>
    </div>
  );
}
