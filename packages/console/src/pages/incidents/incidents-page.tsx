import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Incident } from '@yumops/protocol';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Views } from '../../components/views.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatSpan, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { DeclareForm } from './declare-form.tsx';
import { Figures } from './figures.tsx';
import { ENDED, SEVERITIES, STATUSES } from './incident-look.ts';
import { incidentsQuery } from './incident-queries.ts';
import './incidents.css';

const route = getRouteApi('/console/incidents');

const VIEWS = [
  { view: undefined, label: 'Open' },
  { view: 'ended', label: 'Over' },
  { view: 'figures', label: 'Figures' },
];

/** What goes on, what went on, and how long it took. */
export function IncidentsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  const close = () => void navigate({ search: (old) => ({ ...old, do: undefined }) });
  return (
    <Page
      title="Incidents"
      note={<Views page="/incidents" views={VIEWS} current={search.view} />}
      actions={
        me !== undefined &&
        me.role !== 'viewer' && (
          <Button
            look="primary"
            icon="alerts"
            onClick={() => void navigate({ search: (old) => ({ ...old, do: 'declare' }) })}
          >
            Declare
          </Button>
        )
      }
    >
      {search.view === 'figures' ? <Figures /> : <List state={search.view === 'ended' ? 'ended' : 'open'} />}
      {search.do === 'declare' && <DeclareForm alert={search.alert} close={close} />}
    </Page>
  );
}

function List({ state }: { state: 'open' | 'ended' }) {
  const query = useQuery({ ...incidentsQuery(state), refetchInterval: useLiveInterval() });
  const list = useListKeys<HTMLUListElement>();
  return (
    <Panel title={state === 'open' ? 'Open' : 'Over'} note={query.data && String(query.data.items.length)} flush>
      <QueryView query={query} what="the incidents" rows={5}>
        {({ items }) =>
          items.length === 0 ? (
            <Nothing state={state} />
          ) : (
            <ul ref={list}>
              {items.map((incident) => (
                <li key={incident.id}>
                  <Row incident={incident} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Nothing({ state }: { state: 'open' | 'ended' }) {
  if (state === 'ended') {
    return <Empty title="No incident is over yet">Each stands here with its timeline, evidence and postmortem.</Empty>;
  }
  return (
    <Empty title="No incident is open">
      Alerts declare them as <code>incidents.declare</code> says; people do it here, in Slack, or with{' '}
      <Command line={'yumops incident declare "TITLE"'} />
    </Empty>
  );
}

function Row({ incident }: { incident: Incident }) {
  const { severity, status, roles, number, title, drill, unowned, alertsFiring, declaredAt, resolvedAt, startedAt } =
    incident;
  return (
    <Link data-row to="/incidents/$id" params={{ id: incident.id }} className="panel-row incident-row">
      <State {...SEVERITIES[severity]} look="badge" />
      <span className="incident-text">
        <strong>
          {drill && <span className="incident-drill">Drill</span>} {number} · {title}
        </strong>
        <span className="incident-facts quiet">
          <State {...STATUSES[status]} />
          {unowned && <State tone="bad" word="Unowned" />}
          <span>{roles.commander === undefined ? 'nobody has it' : `${roles.commander} has it`}</span>
          {alertsFiring > 0 && <span>{plural(alertsFiring, 'alert fires', 'alerts fire')}</span>}
        </span>
      </span>
      <span className="incident-when quiet">
        {ENDED.has(status) && resolvedAt !== null ? (
          <>
            <Instant at={resolvedAt} />
            <span>took {formatSpan(Date.parse(resolvedAt) - Date.parse(startedAt))}</span>
          </>
        ) : (
          <When at={declaredAt} />
        )}
      </span>
    </Link>
  );
}
