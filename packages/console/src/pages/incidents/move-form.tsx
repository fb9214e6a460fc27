import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { IncidentDetail, IncidentStatus } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { Form } from '../../components/form.tsx';
import { SelectField } from '../../components/select-field.tsx';
import { NEXT, STATUSES } from './incident-look.ts';
import { readAgain } from './incident-queries.ts';

/** Moves an incident to another status, with a word on why. */
export function MoveForm({
  incident,
  to,
  close,
}: {
  incident: IncidentDetail;
  to: IncidentStatus | undefined;
  close(): void;
}) {
  const queryClient = useQueryClient();
  const move = useMutation({
    mutationFn: (input: { status: string; note: string }) => post(`/api/v1/incidents/${incident.id}/status`, input),
    onSuccess: () => {
      void readAgain(queryClient);
      close();
    },
  });
  const choices = NEXT[incident.status];
  const submit = (data: FormData) =>
    move.mutate({ status: String(data.get('status')), note: String(data.get('note')) });
  return (
    <Form
      title={`Incident ${incident.number}: status`}
      verb="Move"
      error={move.error}
      busy={move.isPending}
      submit={submit}
      close={close}
    >
      <SelectField
        label={`From ${STATUSES[incident.status].word.toLowerCase()} to`}
        name="status"
        choices={choices.map((status) => ({ value: status, label: STATUSES[status].word }))}
        chosen={to !== undefined && choices.includes(to) ? to : choices[0]}
      />
      <label className="field">
        <span className="field-label">Why, in a sentence</span>
        <input className="input" name="note" placeholder="rolled back to 2.3" />
      </label>
    </Form>
  );
}
