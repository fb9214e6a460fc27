import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Silence } from '@yumops/protocol';
import { remove } from '../../api/client.ts';
import { meQuery, silencesQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { SilenceForm } from './silence-form.tsx';

const route = getRouteApi('/console/alerts');

const LOOK = {
  active: { tone: 'none', icon: 'muted', word: 'In force' },
  scheduled: { tone: 'info', icon: 'pending', word: 'Planned' },
  ended: { tone: 'none', icon: 'close', word: 'Over' },
} as const;

/** What is muted, by whom, why, and until when. */
export function Silences() {
  const query = useQuery({ ...silencesQuery, refetchInterval: useLiveInterval() });
  const mayChange = useQuery(meQuery).data?.role !== 'viewer';
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const show = (what: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, do: what, matchers: undefined }) });
  return (
    <>
      <Panel
        title="Silences"
        note={query.data && String(query.data.items.filter(({ state }) => state !== 'ended').length)}
        actions={mayChange && <Button onClick={() => show('silence')}>Silence alerts</Button>}
        flush
      >
        <QueryView query={query} what="the silences" rows={4}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nothing is muted">
                <p>Alerts that match a silence stay visible, and nobody is told of them. From a terminal:</p>
                <Command line={`yumops silence add 'alertname="High Error Rate"' --for 2h --reason deploy`} />
              </Empty>
            ) : (
              <ul>
                {items.map((silence) => (
                  <SilenceRow key={silence.id} silence={silence} mayChange={mayChange} />
                ))}
              </ul>
            )
          }
        </QueryView>
      </Panel>
      {search.do === 'silence' && mayChange && (
        <SilenceForm matchers={search.matchers ?? ''} close={() => show(undefined)} />
      )}
    </>
  );
}

function SilenceRow({ silence, mayChange }: { silence: Silence; mayChange: boolean }) {
  const queryClient = useQueryClient();
  const end = useMutation({
    mutationFn: () => remove(`/api/v1/silences/${encodeURIComponent(silence.id)}`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['silences'] }),
  });
  return (
    <li className="silence-row">
      <State {...LOOK[silence.state]} />
      <span className="silence-text">
        <strong>{silence.reason}</strong>
        <span className="labels mono">
          {silence.matchers.map((matcher) => (
            <span key={matcher}>{matcher}</span>
          ))}
        </span>
        <span className="quiet">
          by {silence.author}
          {silence.endedBy !== null && `, ended by ${silence.endedBy}`}
        </span>
      </span>
      <span className="alert-since">
        <Until silence={silence} />
      </span>
      {mayChange && silence.state !== 'ended' && (
        <Button disabled={end.isPending} onClick={() => end.mutate()} aria-label={`End now: ${silence.reason}`}>
          End now
        </Button>
      )}
      {end.error !== null && <State tone="bad" word={end.error.message} />}
    </li>
  );
}

function Until({ silence: { state, startsAt, endsAt, endedAt } }: { silence: Silence }) {
  if (endedAt !== null) {
    return (
      <>
        <span>ended</span>
        <Instant at={endedAt} />
      </>
    );
  }
  return (
    <>
      {state === 'scheduled' && (
        <span>
          from <Instant at={startsAt} />
        </span>
      )}
      {endsAt === null ? (
        <span>until resolved</span>
      ) : (
        <span>
          until <Instant at={endsAt} />
        </span>
      )}
    </>
  );
}
