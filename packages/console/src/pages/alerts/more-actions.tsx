import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AlertDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { mayRespond } from '../../api/project.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { State } from '../../components/state.tsx';

/** Passing an alert on, ending it by hand, and muting what is like it. */
export function MoreActions({ alert }: { alert: AlertDetail }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const act = useMutation({
    mutationFn: (action: 'escalate' | 'resolve') =>
      post(`/api/v1/alerts/${encodeURIComponent(alert.id)}/${action}`, { via: 'console' }),
    onSettled: () =>
      queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'alert' || first === 'alerts' }),
  });
  if (alert.state !== 'firing' || !mayRespond(me)) return null;
  return (
    <>
      <Button disabled={act.isPending} onClick={() => act.mutate('escalate')}>
        Escalate now
      </Button>
      <Button disabled={act.isPending} onClick={() => act.mutate('resolve')}>
        Resolve
      </Button>
      <Link className="button" to="/alerts" search={{ view: 'silences', do: 'silence', matchers: matchersOf(alert) }}>
        Silence…
      </Link>
      <Link className="button" to="/incidents" search={{ do: 'declare', alert: alert.id }}>
        Declare incident…
      </Link>
      {act.error !== null && <State tone="bad" word={act.error.message} />}
    </>
  );
}

/** The alert's own labels, one matcher a line. */
function matchersOf({ labels }: AlertDetail): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
    .join('\n');
}
