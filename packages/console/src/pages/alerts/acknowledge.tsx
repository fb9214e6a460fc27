import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AlertDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { mayRespond } from '../../api/project.ts';
import { alertQuery, meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { useShortcuts } from '../../components/shortcuts.ts';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';

/** Takes the alert on, which stops its escalation. Shown at once, undone if the server refuses. */
export function Acknowledge({ alert }: { alert: AlertDetail }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const { queryKey } = alertQuery(alert.id);
  const acknowledge = useMutation({
    mutationFn: () => post(`/api/v1/alerts/${encodeURIComponent(alert.id)}/ack`, {}),
    onMutate: () => {
      const now = new Date().toISOString();
      queryClient.setQueryData(queryKey, { ...alert, acknowledgedBy: me?.email ?? 'you', acknowledgedAt: now });
      return alert;
    },
    onError: (_error, _input, before) => queryClient.setQueryData(queryKey, before),
    onSettled: () =>
      queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'alert' || first === 'alerts' }),
  });
  const allowed = mayRespond(me);
  const open = alert.acknowledgedBy === null && (alert.state === 'firing' || alert.state === 'pending');
  useShortcuts({ a: () => (open && allowed ? acknowledge.mutate() : false) });
  return (
    <div className="acknowledge" role="status">
      {open && (
        <Button look="primary" disabled={!allowed || acknowledge.isPending} onClick={() => acknowledge.mutate()}>
          Acknowledge <kbd>a</kbd>
        </Button>
      )}
      {open && !allowed && me !== undefined && <span className="quiet">Your role may only look.</span>}
      {alert.acknowledgedBy !== null && (
        <>
          <State tone="info" icon="user" word={`Acknowledged by ${alert.acknowledgedBy}`} />
          {alert.acknowledgedAt !== null && <When at={alert.acknowledgedAt} />}
        </>
      )}
      {acknowledge.error !== null && <State tone="bad" word={acknowledge.error.message} />}
    </div>
  );
}
