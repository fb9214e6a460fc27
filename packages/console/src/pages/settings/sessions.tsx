import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SessionItem } from '@yumops/protocol';
import { endSession, sessionsQuery } from '../../api/access.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { When } from '../../components/when.tsx';

/** Where one is signed in; an administrator sees everybody's. */
export function Sessions() {
  const known = useQuery(sessionsQuery);
  const queryClient = useQueryClient();
  const end = useMutation({
    mutationFn: endSession,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
  return (
    <Panel title="Signed in" flush>
      <QueryView query={known} what="the sessions" rows={3}>
        {({ items }) => (
          <ul className="access-list">
            {items.map((session) => (
              <Row key={session.id} session={session} end={() => end.mutate(session.id)} busy={end.isPending} />
            ))}
          </ul>
        )}
      </QueryView>
      <RefusedNote error={end.error} />
    </Panel>
  );
}

function Row({ session, end, busy }: { session: SessionItem; end(): void; busy: boolean }) {
  return (
    <li>
      <span className="access-what">
        <strong>{browserName(session.userAgent)}</strong>
        <span className="quiet">
          {session.email}
          {session.ip !== null && `, from ${session.ip}`}, seen <When at={session.lastSeenAt} />
        </span>
      </span>
      <Button
        disabled={busy}
        onClick={end}
        aria-label={`Sign out: ${session.email}, ${browserName(session.userAgent)}`}
      >
        Sign out
      </Button>
    </li>
  );
}

/** The browser's name and system, of what it says of itself. */
function browserName(userAgent: string | null): string {
  const name = /(Edg|Firefox|Chrome|Safari)\//.exec(userAgent ?? '')?.[1];
  const system = /(Windows|Mac OS|Android|iPhone|iPad|Linux)/.exec(userAgent ?? '')?.[1];
  if (name === undefined) return 'A program';
  return `${name === 'Edg' ? 'Edge' : name}${system === undefined ? '' : ` on ${system}`}`;
}
