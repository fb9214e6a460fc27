import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { post } from '../../api/client.ts';
import { jobRunQuery, meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { State } from '../../components/state.tsx';

const POLL = 1_000;

/** Starts a scan and tells how far it is; what it finds comes to the page by itself. */
export function ScanNow() {
  const mayAct = useQuery(meQuery).data?.role !== 'viewer';
  const queryClient = useQueryClient();
  const start = useMutation({
    mutationFn: (kind: 'weekly' | 'monthly') => post<{ id: string }>('/api/v1/security/scans', { kind }),
  });
  const id = start.data?.id;
  const run = useQuery({
    ...jobRunQuery(id ?? ''),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data?.endedAt === null || state.data === undefined ? POLL : false),
  }).data;
  const ended = run !== undefined && run.endedAt !== null;
  useEffect(() => {
    if (ended) void queryClient.invalidateQueries({ queryKey: ['security'] });
  }, [ended, queryClient]);
  if (!mayAct) return null;
  const busy = start.isPending || (id !== undefined && !ended);
  const progress = run?.progress;
  return (
    <div className="scan-now" role="status">
      <Button icon="refresh" disabled={busy} onClick={() => start.mutate('weekly')}>
        Scan now
      </Button>
      <Button disabled={busy} onClick={() => start.mutate('monthly')}>
        Audit now
      </Button>
      {busy && (
        <span className="quiet">
          {progress ? `Looking at ${progress.what}, ${progress.done + 1} of ${progress.total} …` : 'Starting …'}
        </span>
      )}
      {start.error !== null && <State tone="bad" word={start.error.message} />}
      {ended && run.status !== 'succeeded' && (
        <State tone="bad" word={run.error?.message ?? run.summary ?? `It ended as ${run.status}`} />
      )}
    </div>
  );
}
