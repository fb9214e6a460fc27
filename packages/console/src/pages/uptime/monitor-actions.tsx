import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { MonitorDetail, MonitorTrial } from '@yumops/protocol';
import { post, remove } from '../../api/client.ts';
import { mayRespond } from '../../api/project.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Form } from '../../components/form.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { Trial } from './trial.tsx';

const WRITTEN: Record<MonitorDetail['source'], string> = {
  file: 'Stands in a file of the configuration, and is changed there.',
  stored: 'Stored here; an administrator may change it.',
  job: 'Made by the check-ins of its job, and changed by them.',
};

export interface MonitorActionsProps {
  monitor: MonitorDetail;
  /** Opens a form: `edit` or `remove`. */
  open(what: 'edit' | 'remove'): void;
}

/** Checks it at once, and changes one that stands in no file. */
export function MonitorActions({ monitor, open }: MonitorActionsProps) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const path = `/api/v1/monitors/${encodeURIComponent(monitor.id)}`;
  const trial = useMutation({ mutationFn: () => post<MonitorTrial>(`${path}/check`, {}) });
  const isPaused = monitor.state === 'paused';
  const pause = useMutation({
    mutationFn: () => post(`${path}/${isPaused ? 'resume' : 'pause'}`, {}),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ['monitors'] });
      return queryClient.invalidateQueries({ queryKey: ['monitor', monitor.id] });
    },
  });
  if (!mayRespond(me)) return null;
  return (
    <div className="monitor-actions">
      <div className="change-actions">
        {monitor.kind !== 'heartbeat' && (
          <Button aria-disabled={trial.isPending} onClick={() => trial.mutate()}>
            {trial.isPending ? 'Checking…' : 'Check now'}
          </Button>
        )}
        {me?.role === 'admin' && monitor.source === 'stored' && (
          <>
            <Button onClick={() => open('edit')}>Edit</Button>
            <Button aria-disabled={pause.isPending} onClick={() => pause.mutate()}>
              {isPaused ? 'Resume' : 'Pause'}
            </Button>
            <Button onClick={() => open('remove')}>Remove</Button>
          </>
        )}
      </div>
      <p className="form-help">{WRITTEN[monitor.source]}</p>
      <RefusedNote error={pause.error ?? trial.error} />
      {trial.data !== undefined && <Trial trial={trial.data} />}
    </div>
  );
}

/** Asks once more before a monitor goes. */
export function RemoveMonitor({
  id,
  name,
  close,
  removed,
}: {
  id: string;
  name: string;
  close(): void;
  removed(): void;
}) {
  const queryClient = useQueryClient();
  const drop = useMutation({
    mutationFn: () => remove(`/api/v1/monitors/${encodeURIComponent(id)}`),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['monitors'] });
      removed();
    },
  });
  return (
    <Form
      title={`Remove ${name}`}
      verb="Remove"
      error={drop.error}
      busy={drop.isPending}
      submit={() => drop.mutate()}
      close={close}
    >
      <p>It is checked no more and its alerts end. The checks that were made stay in the history.</p>
    </Form>
  );
}
