import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ChecklistDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { ChecklistView } from '../../components/checklist.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { Instant } from '../../components/when.tsx';
import { checklistQuery, readAgain } from '../incidents/incident-queries.ts';

/** A procedure that somebody follows, to its end. */
export function ProcedureRun({ id }: { id: string }) {
  const queryClient = useQueryClient();
  return (
    <QueryView query={useQuery(checklistQuery(id))} what="the procedure" rows={8}>
      {(run) => (
        <div className="runbook-text">
          <h3>{run.title}</h3>
          <p className="quiet">
            Begun by {run.startedBy}, <Instant at={run.startedAt} />
            {run.window !== null && '; alerts are muted meanwhile'}
            {run.notice !== null && '; visitors are told'}
            {run.endedAt !== null && (
              <>
                . {run.state === 'done' ? 'Done' : 'Abandoned'} by {run.endedBy}, <Instant at={run.endedAt} />
                {run.result !== '' && `: ${run.result}`}
              </>
            )}
          </p>
          <ChecklistView checklist={run} changed={() => void readAgain(queryClient)} />
          {run.state === 'open' && <End run={run} />}
        </div>
      )}
    </QueryView>
  );
}

function End({ run }: { run: ChecklistDetail }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const end = useMutation({
    mutationFn: (input: { state: string; result: string }) =>
      post<ChecklistDetail>(`/api/v1/procedures/${run.id}/end`, input),
    onSuccess: (ended) => {
      queryClient.setQueryData(checklistQuery(run.id).queryKey, ended);
      void readAgain(queryClient);
    },
  });
  if (me === undefined || me.role === 'viewer') return null;
  return (
    <form
      className="runbook-end"
      onSubmit={(event) => {
        event.preventDefault();
        const result = String(new FormData(event.currentTarget).get('result'));
        const submitter = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement | null;
        end.mutate({ state: submitter?.value === 'abandoned' ? 'abandoned' : 'done', result });
      }}
    >
      <label className="field">
        <span className="field-label">What came of it</span>
        <input className="input" name="result" placeholder="2.4 is out" />
      </label>
      <div className="change-actions">
        <Button type="submit" look="primary" value="done">
          Done
        </Button>
        <Button type="submit" value="abandoned">
          Abandon
        </Button>
      </div>
      <p className="quiet">Its window ends now, and its notice on the status page is completed.</p>
      <RefusedNote error={end.error} />
    </form>
  );
}
