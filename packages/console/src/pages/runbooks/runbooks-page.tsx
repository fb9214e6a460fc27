import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Checklist, RunbookItem } from '@yumops/protocol';
import { Drawer } from '../../components/drawer.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Markdown } from '../../components/markdown.tsx';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Views } from '../../components/views.tsx';
import { Instant } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { checklistsQuery, runbooksQuery } from '../incidents/incident-queries.ts';
import { ProcedureForm } from './procedure-form.tsx';
import { ProcedureRun } from './procedure-run.tsx';
import { RunbookText } from './runbook-text.tsx';
import './runbooks.css';

const route = getRouteApi('/console/runbooks');

const VIEWS = [
  { view: undefined, label: 'Runbooks' },
  { view: 'procedures', label: 'Procedures' },
];

/** What to do when something fires, and how planned work is done. */
export function RunbooksPage() {
  const { view, runbook, run, do: verb } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(runbooksQuery);
  const kind = view === 'procedures' ? 'procedure' : 'runbook';
  const close = () =>
    void navigate({ search: (old) => ({ ...old, runbook: undefined, run: undefined, do: undefined }) });
  return (
    <Page title="Runbooks" note={<Views page="/runbooks" views={VIEWS} current={view} />}>
      <div className="runbooks">
        {kind === 'procedure' && <Runs open={run} />}
        <Panel
          title={kind === 'procedure' ? 'Begin a procedure' : 'Runbooks'}
          note="those that came along, and your own in runbooks/"
          flush
        >
          <QueryView query={query} what="the runbooks" rows={8}>
            {({ items }) => <List items={items.filter((item) => item.kind === kind)} open={runbook} />}
          </QueryView>
        </Panel>
      </div>
      {runbook !== undefined && verb === undefined && (
        <Drawer
          title={query.data?.items.find(({ id }) => id === runbook)?.title ?? 'Runbook'}
          close={close}
          actions={
            kind === 'procedure' && (
              <route.Link to="." search={(old) => ({ ...old, do: 'begin' })} className="button">
                Begin…
              </route.Link>
            )
          }
        >
          <RunbookText id={runbook} />
        </Drawer>
      )}
      {run !== undefined && (
        <Drawer title="Procedure" close={close}>
          <ProcedureRun id={run} />
        </Drawer>
      )}
      {runbook !== undefined && verb === 'begin' && <ProcedureForm id={runbook} close={close} />}
    </Page>
  );
}

function List({ items, open }: { items: readonly RunbookItem[]; open: string | undefined }) {
  const list = useListKeys<HTMLUListElement>();
  if (items.length === 0) {
    return (
      <Empty title="None">
        Put Markdown files into <code>runbooks/</code> beside the configuration.
      </Empty>
    );
  }
  return (
    <ul ref={list}>
      {items.map((item) => (
        <li key={item.id}>
          <route.Link
            data-row
            to="."
            search={(old) => ({ ...old, runbook: item.id, run: undefined })}
            className="panel-row runbook-row"
            data-current={item.id === open}
          >
            <span className="runbook-name">
              <strong>{item.title}</strong>
              <span className="quiet">{item.alerts.length > 0 ? `for ${item.alerts.join(', ')}` : item.id}</span>
            </span>
            <Markdown text={item.about} />
            <span className="quiet">
              {plural(item.steps, 'step')}
              {!item.shipped && ', yours'}
            </span>
          </route.Link>
        </li>
      ))}
    </ul>
  );
}

const STATES = {
  open: { tone: 'info', word: 'Goes on' },
  done: { tone: 'ok', word: 'Done' },
  abandoned: { tone: 'warn', word: 'Abandoned' },
} as const;

/** Procedures that go on, and those that were done. */
function Runs({ open }: { open: string | undefined }) {
  const query = useQuery({ ...checklistsQuery({ kind: 'procedure' }), refetchInterval: useLiveInterval() });
  return (
    <Panel title="Done and going on" note={query.data && String(query.data.items.length)} flush>
      <QueryView query={query} what="the procedures" rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No procedure was begun yet">
              Each is kept with who did which step, when, and what came of it.
            </Empty>
          ) : (
            <ul>
              {items.map((item) => (
                <li key={item.id}>
                  <Run item={item} current={item.id === open} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Run({ item, current }: { item: Checklist; current: boolean }) {
  return (
    <Link
      to="/runbooks"
      search={{ view: 'procedures', run: item.id }}
      className="panel-row runbook-row"
      data-current={current}
    >
      <span className="runbook-name">
        <strong>{item.title}</strong>
        <span className="quiet">{item.startedBy}</span>
      </span>
      <span>
        <State {...STATES[item.state]} />{' '}
        <span className="quiet">
          {item.marked} of {plural(item.steps, 'step')}
          {item.result !== '' && ` · ${item.result}`}
        </span>
      </span>
      <span className="quiet">
        <Instant at={item.startedAt} />
      </span>
    </Link>
  );
}
