import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReportKind } from '@yumops/protocol';
import { useEffect, useState } from 'react';
import { jobRunQuery } from '../../api/queries.ts';
import { Choice } from '../../components/choice.tsx';
import { Form } from '../../components/form.tsx';
import { KINDS } from './report-look.ts';
import { makeReport } from './report-queries.ts';

/** A report in the making is looked at so often, ms. */
const WATCH_MS = 500;

/** Makes a report up to now, and goes to it once it is there. */
export function MakeForm({ close }: { close(): void }) {
  const [kind, setKind] = useState<ReportKind>('daily');
  const [send, setSend] = useState<'no' | 'yes'>('no');
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const making = useMutation({ mutationFn: () => makeReport(kind, send === 'yes') });
  const started = making.data;
  const run = useQuery({
    ...jobRunQuery(started?.id ?? ''),
    enabled: started !== undefined,
    refetchInterval: ({ state }) => (state.data?.endedAt ? false : WATCH_MS),
  }).data;
  const made = run?.detail?.['report'];
  const ended = run !== undefined && run.endedAt !== null;
  useEffect(() => {
    if (!ended || typeof made !== 'string') return;
    void queryClient.invalidateQueries({ queryKey: ['reports'] });
    void navigate({ to: '/reports/$id', params: { id: made } });
  }, [ended, made, navigate, queryClient]);
  const refused =
    ended && typeof made !== 'string' ? new Error(run.error?.message ?? run.summary ?? 'It made none.') : null;
  const busy = making.isPending || (started !== undefined && !ended);
  return (
    <Form
      title="Make a report"
      verb={busy ? 'Being made …' : 'Make it'}
      error={making.error ?? refused}
      busy={busy}
      submit={() => making.mutate()}
      close={close}
    >
      <Choice<ReportKind>
        label="Which"
        value={kind}
        options={(Object.keys(KINDS) as ReportKind[]).map((value) => ({ value, label: KINDS[value].word }))}
        onChange={setKind}
      />
      <p className="quiet">A {KINDS[kind].about}, up to now.</p>
      <Choice<'no' | 'yes'>
        label="Send it to its receivers"
        value={send}
        options={[
          { value: 'no', label: 'No, only keep it' },
          { value: 'yes', label: 'Yes' },
        ]}
        onChange={setSend}
      />
      {run?.progress && (
        <p className="quiet" role="status">
          {run.progress.what}, {run.progress.done} of {run.progress.total}
        </p>
      )}
    </Form>
  );
}
