import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ChecklistDetail, IncidentDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { ChecklistView } from '../../components/checklist.tsx';
import { Markdown } from '../../components/markdown.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { checklistQuery, checklistsQuery, readAgain, runbookQuery } from './incident-queries.ts';

/** What to do: the runbook of the incident, followed step by step. */
export function RunbookSide({ incident }: { incident: IncidentDetail }) {
  const lists = useQuery(checklistsQuery({ incident: incident.id })).data?.items ?? [];
  const open = lists.find(({ runbook, state }) => runbook === incident.runbook && state === 'open') ?? lists[0];
  if (open !== undefined) return <Followed id={open.id} />;
  if (incident.runbook !== null) return <Offer id={incident.runbook} incident={incident.id} />;
  return (
    <Panel title="Runbook">
      <p className="quiet">
        None goes with its alerts. Choose one with <em>Edit…</em>, or look at <Link to="/runbooks">all of them</Link>.
      </p>
    </Panel>
  );
}

function Followed({ id }: { id: string }) {
  const queryClient = useQueryClient();
  const query = useQuery(checklistQuery(id));
  const list = query.data;
  return (
    <Panel title={list?.title ?? 'Runbook'} note={list && `${list.marks.length} of ${list.steps} steps`}>
      <QueryView query={query} what="the runbook" rows={6}>
        {(checklist) => <ChecklistView checklist={checklist} changed={() => void readAgain(queryClient)} />}
      </QueryView>
    </Panel>
  );
}

function Offer({ id, incident }: { id: string; incident: string }) {
  const me = useQuery(meQuery).data;
  const query = useQuery(runbookQuery(id));
  const queryClient = useQueryClient();
  const begin = useMutation({
    mutationFn: () => post<ChecklistDetail>('/api/v1/checklists', { runbook: id, incident }),
    onSuccess: () => readAgain(queryClient),
  });
  return (
    <Panel title={query.data?.title ?? 'Runbook'} note={query.data && `${query.data.steps} steps`}>
      <QueryView query={query} what="the runbook" rows={4}>
        {({ about }) => (
          <div className="incident-offer">
            <Markdown text={about} />
            <Button
              look="primary"
              disabled={me === undefined || me.role === 'viewer' || begin.isPending}
              onClick={() => begin.mutate()}
            >
              Begin the runbook
            </Button>
            <RefusedNote error={begin.error} />
          </div>
        )}
      </QueryView>
    </Panel>
  );
}
