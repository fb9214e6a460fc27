import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { IncidentDetail, IncidentStatus } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useShortcuts } from '../../components/shortcuts.ts';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatSpan } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { EditForm } from './edit-form.tsx';
import { Evidence } from './evidence.tsx';
import { Impact } from './impact.tsx';
import { Facts } from './incident-facts.tsx';
import { ENDED, SEVERITIES, STATUSES } from './incident-look.ts';
import { incidentQuery, readAgain } from './incident-queries.ts';
import { MoveForm } from './move-form.tsx';
import { NextPage } from './next-page.tsx';
import { PostmortemView } from './postmortem.tsx';
import { RunbookSide } from './runbook-side.tsx';
import { Timeline } from './timeline.tsx';
import './incidents.css';

const route = getRouteApi('/console/incidents/$id');

const VIEWS = [
  { view: undefined, label: 'Timeline' },
  { view: 'impact', label: 'Impact' },
  { view: 'evidence', label: 'Evidence' },
  { view: 'postmortem', label: 'Postmortem' },
];

/** One incident: what happened beside what to do. */
export function IncidentPage() {
  const { id } = route.useParams();
  const query = useQuery({ ...incidentQuery(id), refetchInterval: useLiveInterval() });
  const incident = query.data;
  return (
    <Page
      title={incident === undefined ? 'Incident' : `${incident.number} · ${incident.title}`}
      actions={<Link to="/incidents">All incidents</Link>}
    >
      <QueryView query={query} what="the incident" rows={10}>
        {(data) => <Content incident={data} />}
      </QueryView>
    </Page>
  );
}

function Content({ incident }: { incident: IncidentDetail }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const close = () => void navigate({ search: (old) => ({ ...old, do: undefined, to: undefined }) });
  return (
    <div className="incidents">
      <Head incident={incident} />
      <nav className="views" aria-label="Ways to look">
        {VIEWS.map(({ view, label }) => (
          <route.Link key={label} to="." search={(old) => ({ ...old, view })} data-current={view === search.view}>
            {label}
          </route.Link>
        ))}
      </nav>
      {search.view === 'impact' && <Impact id={incident.id} />}
      {search.view === 'evidence' && <Evidence incident={incident} open={search.evidence} />}
      {search.view === 'postmortem' && (
        <>
          <Impact id={incident.id} />
          <PostmortemView id={incident.id} />
        </>
      )}
      {search.view === undefined && (
        <div className="incident-columns">
          <Timeline incident={incident} kind={search.kind} />
          <div className="incident-side">
            <RunbookSide incident={incident} />
            <Facts incident={incident} />
          </div>
        </div>
      )}
      {search.do === 'move' && (
        <MoveForm incident={incident} to={search.to as IncidentStatus | undefined} close={close} />
      )}
      {search.do === 'edit' && <EditForm incident={incident} close={close} />}
    </div>
  );
}

const TIMES = {
  detect: 'detected after',
  acknowledge: 'taken after',
  mitigate: 'no more harm after',
  resolve: 'resolved after',
};

function Head({ incident }: { incident: IncidentDetail }) {
  const { severity, status, drill, unowned, startedAt, roles, times, summary, reopened } = incident;
  const took = Object.entries(TIMES).flatMap(([name, word]) => {
    const ms = times[name as keyof typeof times];
    return ms === null ? [] : [`${word} ${formatSpan(ms)}`];
  });
  return (
    <section className="incident-head" aria-label="Now">
      <p className="incident-facts">
        <State {...SEVERITIES[severity]} look="badge" />
        <State {...STATUSES[status]} look="badge" />
        {unowned && <State tone="bad" word="Unowned: everybody was told, nobody answered" look="badge" />}
        {drill && <span className="incident-drill">Drill</span>}
        <span className="quiet">
          began <Instant at={startedAt} />
        </span>
        <span>{roles.commander === undefined ? 'Nobody has it' : `${roles.commander} has it`}</span>
        {reopened > 0 && <span className="quiet">opened again {reopened}×</span>}
      </p>
      {summary !== '' && <p className="incident-summary-text">{summary}</p>}
      {took.length > 0 && <p className="quiet">{took.join(' · ')}</p>}
      <Actions incident={incident} />
      {incident.next !== null && <NextPage next={incident.next} />}
    </section>
  );
}

/** One thing to do next, and the others beside it. */
function Actions({ incident }: { incident: IncidentDetail }) {
  const me = useQuery(meQuery).data;
  const navigate = route.useNavigate();
  const queryClient = useQueryClient();
  const take = useMutation({
    mutationFn: () => post(`/api/v1/incidents/${incident.id}/ack`, { via: 'console' }),
    onSettled: () => readAgain(queryClient),
  });
  const allowed = me !== undefined && me.role !== 'viewer';
  const waiting = incident.alerts.some(({ state, acknowledgedBy }) => state === 'firing' && acknowledgedBy === null);
  const untaken = !ENDED.has(incident.status) && (incident.acknowledgedAt === null || waiting);
  useShortcuts({ a: () => (untaken && allowed ? take.mutate() : false) });
  if (!allowed) return me === undefined ? null : <p className="quiet">Your role may only look.</p>;
  const move = (to: IncidentStatus | undefined) =>
    void navigate({ search: (old) => ({ ...old, do: 'move', ...(to !== undefined && { to }) }) });
  const main = mainMove(incident.status);
  return (
    <div className="incident-actions" role="status">
      {untaken && (
        <Button look="primary" disabled={take.isPending} onClick={() => take.mutate()}>
          Acknowledge <kbd>a</kbd>
        </Button>
      )}
      <Button look={untaken ? 'normal' : 'primary'} onClick={() => move(main.to)}>
        {main.verb}
      </Button>
      <Button onClick={() => move(undefined)}>Status…</Button>
      <Button onClick={() => void navigate({ search: (old) => ({ ...old, do: 'edit' }) })}>Edit…</Button>
      {take.error !== null && <State tone="bad" word={take.error.message} />}
    </div>
  );
}

function mainMove(status: IncidentStatus): { to: IncidentStatus; verb: string } {
  if (status === 'resolved') return { to: 'closed', verb: 'Close' };
  if (ENDED.has(status)) return { to: 'investigating', verb: 'Reopen' };
  return { to: 'resolved', verb: 'Resolve' };
}
