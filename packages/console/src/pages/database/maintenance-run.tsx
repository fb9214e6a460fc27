import { useQuery } from '@tanstack/react-query';
import type { ActionItem, Evidence } from '@yumops/protocol';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatBytes, formatCount, formatMilliseconds, formatPercent, UNKNOWN } from '../../format/number.ts';
import { runQuery } from './database-queries.ts';
import { Progress } from './progress.tsx';
import { actionLook, runLook } from './run-look.ts';
import '../../components/facts.css';

const WATCH_MS = 1_000;

/** One run: every action with its evidence. */
export function MaintenanceRun({ database, id }: { database: string; id: string }) {
  const query = useQuery({
    ...runQuery(database, id),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? WATCH_MS : false),
  });
  return (
    <QueryView query={query} what="the run" rows={6}>
      {(run) => (
        <div className="database-details">
          <p>
            <State look="badge" {...runLook(run.status)} />
          </p>
          {run.progress !== null && <Progress progress={run.progress} />}
          {run.error !== null && <p>{run.error}</p>}
          <dl className="facts">
            <dt>Tasks</dt>
            <dd>{run.tasks.join(', ')}</dd>
            <dt>Started</dt>
            <dd>
              <Instant at={run.startedAt} /> by {run.startedBy} ({run.trigger})
            </dd>
            {run.finishedAt !== null && (
              <>
                <dt>Took</dt>
                <dd>{formatMilliseconds(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}</dd>
              </>
            )}
          </dl>
          {run.actions.length === 0 && run.status !== 'running' && <p className="quiet">There was nothing to do.</p>}
          <ol className="run-actions">
            {run.actions.map((action, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: actions are only ever added at the end
              <li key={place}>
                <Action action={action} />
              </li>
            ))}
          </ol>
        </div>
      )}
    </QueryView>
  );
}

function Action({ action }: { action: ActionItem }) {
  return (
    <article className="run-action">
      <header>
        <State {...actionLook(action)} />
        <strong>{action.task}</strong>
        <span className="quiet">
          {formatMilliseconds(Date.parse(action.finishedAt) - Date.parse(action.startedAt))}
        </span>
      </header>
      <p>
        <code>{action.object}</code>: {action.reason}
      </p>
      {action.error !== null && <p className="action-error">{action.error}</p>}
      <Measured before={action.before} after={action.after} />
      {action.statement !== '' && <code className="action-statement">{action.statement}</code>}
    </article>
  );
}

/** `deadRows` as `dead rows`. */
const words = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function figure(name: string, value: number | string | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value === 'string') return value;
  if (name === 'bytes') return formatBytes(value);
  return name === 'bloat' ? formatPercent(value * 100) : formatCount(value);
}

function Measured({ before, after }: { before: Evidence | null; after: Evidence | null }) {
  const names = Object.keys({ ...before, ...after });
  if (names.length === 0) return null;
  return (
    <dl className="evidence">
      {names.map((name) => (
        <div key={name}>
          <dt>{words(name)}</dt>
          <dd className="figures">
            {[before?.[name], after?.[name]]
              .filter((value) => value !== undefined)
              .map((value) => figure(name, value))
              .join(' → ')}
          </dd>
        </div>
      ))}
    </dl>
  );
}
