import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SecurityFinding } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Form } from '../../components/form.tsx';
import { Markdown } from '../../components/markdown.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { findingLook } from './finding-look.ts';
import { findingPath, findingQuery } from './finding-queries.ts';
import '../../components/facts.css';

const route = getRouteApi('/console/security');

/** One finding: what was seen, what to do, and what was decided about it. */
export function FindingDetails({ id }: { id: string }) {
  const query = useQuery(findingQuery(id));
  return (
    <QueryView query={query} what="the finding" rows={6}>
      {(item) => <Details item={item} />}
    </QueryView>
  );
}

function Details({ item }: { item: SecurityFinding }) {
  const { message, evidence, fix, owner, firstSeen, lastSeen, resolvedAt, accepted, check, code, subject, object } =
    item;
  return (
    <div className="attack-details">
      <h3>{message}</h3>
      <State {...findingLook(item)} />
      {resolvedAt === null && <Decide item={item} />}
      {evidence !== '' && (
        <section>
          <h4>What was seen</h4>
          <p className="finding-evidence">{evidence}</p>
        </section>
      )}
      <section>
        <h4>What to do</h4>
        <Markdown text={fix} />
      </section>
      <dl className="facts">
        {accepted !== null && (
          <>
            <dt>Accepted</dt>
            <dd>
              until {accepted.until.slice(0, 10)} by {accepted.by}: {accepted.reason}
            </dd>
          </>
        )}
        <dt>Owner</dt>
        <dd>{owner ?? 'nobody'}</dd>
        <dt>Where</dt>
        <dd>{object === '' ? subject : `${subject}: ${object}`}</dd>
        <dt>First seen</dt>
        <dd>
          <Instant at={firstSeen} />
        </dd>
        <dt>{resolvedAt === null ? 'Last seen' : 'Gone'}</dt>
        <dd>
          <Instant at={resolvedAt ?? lastSeen} />
        </dd>
        <dt>Found by</dt>
        <dd>
          {check}, <code>{code}</code>
        </dd>
      </dl>
    </div>
  );
}

function Decide({ item }: { item: SecurityFinding }) {
  const mayAct = useQuery(meQuery).data?.role !== 'viewer';
  const navigate = route.useNavigate();
  const reopen = useDecision(item.id, 'reopen');
  if (!mayAct) return null;
  const begin = (verb: 'accept' | 'assign') => () => void navigate({ search: (old) => ({ ...old, do: verb }) });
  return (
    <div className="finding-deeds">
      {item.accepted === null ? (
        <Button onClick={begin('accept')}>Accept for a time</Button>
      ) : (
        <Button disabled={reopen.isPending} onClick={() => reopen.mutate({})}>
          Open again
        </Button>
      )}
      <Button onClick={begin('assign')}>Assign</Button>
      {reopen.error !== null && <RefusedNote error={reopen.error} />}
    </div>
  );
}

function useDecision(id: string, verb: 'accept' | 'assign' | 'reopen', done?: () => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: object) => post<SecurityFinding>(`${findingPath(id)}/${verb}`, body),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['security'] });
      done?.();
    },
  });
}

/** Lives with a finding until a day. */
export function AcceptForm({ id, close }: { id: string; close(): void }) {
  const accept = useDecision(id, 'accept', close);
  const submit = (data: FormData) =>
    accept.mutate({ until: String(data.get('until')), reason: String(data.get('reason')) });
  return (
    <Form
      title="Live with this finding"
      verb="Accept"
      error={accept.error}
      busy={accept.isPending}
      submit={submit}
      close={close}
    >
      <label className="field">
        <span className="field-label">Until, a day within a year; it is open again after it</span>
        <input className="input" type="date" name="until" required />
      </label>
      <label className="field">
        <span className="field-label">Why that is fine</span>
        <input
          className="input"
          name="reason"
          required
          minLength={3}
          placeholder="The proxy in front adds the header"
        />
      </label>
    </Form>
  );
}

/** Says whose a finding is. */
export function AssignForm({ id, close }: { id: string; close(): void }) {
  const owner = useQuery(findingQuery(id)).data?.owner;
  const me = useQuery(meQuery).data;
  const assign = useDecision(id, 'assign', close);
  const submit = (data: FormData) => {
    const name = String(data.get('owner')).trim();
    assign.mutate({ owner: name === '' ? null : name });
  };
  return (
    <Form title="Whose is it?" verb="Assign" error={assign.error} busy={assign.isPending} submit={submit} close={close}>
      <label className="field">
        <span className="field-label">Person or team; empty = nobody</span>
        <input className="input" name="owner" defaultValue={owner ?? me?.name ?? ''} maxLength={200} />
      </label>
    </Form>
  );
}
