import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { DatabaseItem, MaintenanceProgress, MaintenanceRunItem } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Empty, Failure } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatMilliseconds, plural } from '../../format/number.ts';
import { databasesQuery, maintenancePlanQuery, pathOf, runsQuery } from './database-queries.ts';
import { MaintenanceRun } from './maintenance-run.tsx';
import { Progress } from './progress.tsx';
import { runLook } from './run-look.ts';

const route = getRouteApi('/console/database');
/** A run that goes on is looked at so often, ms. */
const WATCH_MS = 1_000;

/** Upkeep: what would be done, what runs, what was done. */
export function Maintenance({ database }: { database: DatabaseItem }) {
  const { name, maintenance } = database;
  const { run } = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useQuery({
    ...runsQuery(name),
    refetchInterval: ({ state }) => (isRunning(maintenance.progress, state.data?.items) ? WATCH_MS : 10_000),
  });
  const running = isRunning(maintenance.progress, runs.data?.items);
  useQuery({ ...databasesQuery, refetchInterval: running ? WATCH_MS : false });
  return (
    <div className="database-view">
      <Situation database={database} />
      <Plan database={name} />
      <QueryView query={runs} what="the runs" rows={4}>
        {({ items }) => <Runs items={items} open={run} />}
      </QueryView>
      {run !== undefined && (
        <Drawer title="Maintenance run" close={() => void navigate({ search: (old) => ({ ...old, run: undefined }) })}>
          <MaintenanceRun database={name} id={run} />
        </Drawer>
      )}
    </div>
  );
}

/** Whether something runs: said by the list of runs too, which may know it sooner. */
function isRunning(progress: MaintenanceProgress | null, runs: readonly MaintenanceRunItem[] = []): boolean {
  return progress !== null || runs[0]?.status === 'running';
}

function Situation({ database: { name, maintenance } }: { database: DatabaseItem }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const [reason, setReason] = useState('');
  const settle = { onSettled: () => queryClient.invalidateQueries({ queryKey: ['databases'] }) };
  const act = useMutation({
    mutationFn: ({ verb, body }: { verb: string; body?: unknown }) =>
      post(pathOf(name, `maintenance${verb}`), body ?? {}),
    ...settle,
  });
  const { pause, progress, schedule } = maintenance;
  const admin = me?.role === 'admin';
  return (
    <Panel
      title="Maintenance"
      note={schedule === null ? 'only by hand' : `${schedule.pattern} ${schedule.timeZone}`}
      actions={
        <>
          {progress === null && pause === null && (
            <Button look="primary" disabled={!admin || act.isPending} onClick={() => act.mutate({ verb: '' })}>
              Run now
            </Button>
          )}
          {progress !== null && (
            <Button disabled={!admin || act.isPending} onClick={() => act.mutate({ verb: '/stop' })}>
              Stop this run
            </Button>
          )}
          {pause !== null && (
            <Button disabled={!admin || act.isPending} onClick={() => act.mutate({ verb: '/resume' })}>
              Let it run again
            </Button>
          )}
        </>
      }
    >
      <div className="database-details" role="status">
        {pause !== null && (
          <p>
            <State tone="warn" icon="pause" word={`Stopped by ${pause.by}: ${pause.reason}`} /> <When at={pause.at} />
          </p>
        )}
        {progress !== null && <Progress progress={progress} />}
        {pause === null && progress === null && <State tone="none" word="Nothing runs" />}
        {pause === null && (
          <form
            className="database-actions"
            onSubmit={(event) => {
              event.preventDefault();
              act.mutate({ verb: '/pause', body: { reason } });
            }}
          >
            <input
              className="input"
              aria-label="Why maintenance is to stop"
              placeholder="Why it is to stop"
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
            <Button type="submit" disabled={reason.trim() === '' || me === undefined || me.role === 'viewer'}>
              Stop all and let none begin
            </Button>
          </form>
        )}
        {me !== undefined && !admin && <p className="quiet">Only an admin may start it.</p>}
        {act.error !== null && <Failure error={act.error} />}
      </div>
    </Panel>
  );
}

function Plan({ database }: { database: string }) {
  const [asked, setAsked] = useState(false);
  const query = useQuery({ ...maintenancePlanQuery(database), enabled: asked });
  return (
    <Panel
      title="What is due"
      note={query.data && plural(query.data.items.length, 'action')}
      flush={(query.data?.items.length ?? 0) > 0}
      actions={
        <Button
          disabled={query.isFetching}
          onClick={() => {
            if (asked) void query.refetch();
            setAsked(true);
          }}
        >
          {query.isFetching ? 'Looking …' : 'Look'}
        </Button>
      }
    >
      {!asked && <span className="quiet">Look shows what a run would do now, with the reason, and does nothing.</span>}
      {asked && (
        <QueryView query={query} what="what is due" rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <State tone="ok" word="Nothing is due" />
            ) : (
              <ul>
                {items.map((action) => (
                  <li key={`${action.task} ${action.object}`} className="action">
                    <span className="action-task">{action.task}</span>
                    <div className="action-text">
                      <p>
                        <code>{action.object}</code>: {action.reason}
                      </p>
                      {action.statement !== '' && <code className="action-statement">{action.statement}</code>}
                    </div>
                  </li>
                ))}
              </ul>
            )
          }
        </QueryView>
      )}
    </Panel>
  );
}

function Runs({ items, open }: { items: readonly MaintenanceRunItem[]; open: string | undefined }) {
  if (items.length === 0) {
    return (
      <Empty title="Maintenance has not run yet">
        Its runs will be here, each with what was done and the figures before and after.
      </Empty>
    );
  }
  return (
    <Panel title="Runs" note={plural(items.length, 'run')} flush>
      <ul>
        {items.map((run) => (
          <li key={run.id}>
            <route.Link
              data-row
              to="."
              search={(old: object) => ({ ...old, run: run.id })}
              className="maintenance-row"
              data-current={run.id === open}
            >
              <State {...runLook(run.status)} />
              <span className="truncate">
                {run.done} done, {run.skipped} skipped, {run.failed} failed
                {run.error !== null && `. ${run.error}`}
              </span>
              <span className="quiet truncate">
                {run.tasks.length === 7 ? 'every task' : run.tasks.join(', ')} · {run.startedBy}
              </span>
              <span className="quiet">
                <Instant at={run.startedAt} />
              </span>
              <span className="figures">
                {run.finishedAt === null
                  ? ''
                  : formatMilliseconds(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}
              </span>
            </route.Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
