import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { JobDetail, JobRun } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { jobQuery, jobRunQuery, meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { LengthMeter } from '../../components/length-meter.tsx';
import { Empty, Failure } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatMilliseconds, formatSpan, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { jobLook, runLook, runText } from './job-state.ts';
import { RunProgress } from './run-progress.tsx';
import '../../components/facts.css';

const route = getRouteApi('/console/jobs');
/** A run that goes on is looked at so often, ms. */
const WATCH_MS = 1_000;

/** One job: how it stands, its runs, and the log of the chosen one. */
export function JobDetails({ name }: { name: string }) {
  const live = useLiveInterval();
  const query = useQuery({
    ...jobQuery(name),
    refetchInterval: ({ state }) => (state.data?.activeRun ? WATCH_MS : live),
  });
  return (
    <QueryView query={query} what="the job" rows={6}>
      {(job) => (
        <div className="job-details">
          <p>{job.title}.</p>
          <Actions job={job} />
          {job.problems.map(({ code, message, since }) => (
            <p key={code} className="job-problem">
              <State tone={code === 'failed' ? 'bad' : 'warn'} word={message} /> <When at={since} />
            </p>
          ))}
          <Facts job={job} />
          <Runs job={job} />
        </div>
      )}
    </QueryView>
  );
}

function Actions({ job }: { job: JobDetail }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const settle = {
    onSettled: () => queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'jobs' }),
  };
  const run = useMutation({
    mutationFn: () => post(`/api/v1/jobs/${encodeURIComponent(job.name)}/run`, {}),
    ...settle,
  });
  const cancel = useMutation({ mutationFn: (id: string) => post(`/api/v1/jobs/runs/${id}/cancel`, {}), ...settle });
  const allowed = me !== undefined && me.role !== 'viewer';
  const { activeRun } = job;
  return (
    <div className="job-actions" role="status">
      <State look="badge" {...jobLook(job)} />
      {activeRun === null ? (
        <Button look="primary" disabled={!allowed || run.isPending} onClick={() => run.mutate()}>
          Run now
        </Button>
      ) : (
        <Button disabled={!allowed || cancel.isPending} onClick={() => cancel.mutate(activeRun.id)}>
          Cancel this run
        </Button>
      )}
      {activeRun?.progress && <RunProgress progress={activeRun.progress} />}
      {!allowed && me !== undefined && <span className="quiet">Your role may only look.</span>}
      {[run.error, cancel.error].map((error) => error && <Failure key={error.message} error={error} />)}
    </div>
  );
}

function Facts({ job }: { job: JobDetail }) {
  return (
    <dl className="facts">
      <dt>Schedule</dt>
      <dd>{job.schedule === null ? 'only by hand' : <code>{`${job.schedule} ${job.timeZone}`}</code>}</dd>
      {job.nextRunAt !== null && (
        <>
          <dt>Next run</dt>
          <dd>
            <Instant at={job.nextRunAt} />
          </dd>
        </>
      )}
      <dt>Usually takes</dt>
      <dd>{job.medianMs === null ? 'unknown' : formatMilliseconds(job.medianMs)}</dd>
      {job.slowAfterMs !== null && (
        <>
          <dt>Slow after</dt>
          <dd>{formatSpan(job.slowAfterMs)}</dd>
        </>
      )}
      {job.group !== null && (
        <>
          <dt>Waits for</dt>
          <dd>other jobs of the group {job.group}</dd>
        </>
      )}
    </dl>
  );
}

function Runs({ job }: { job: JobDetail }) {
  const { run: open } = route.useSearch();
  const longest = Math.max(1, ...job.runs.map(({ durationMs }) => durationMs ?? 0));
  if (job.runs.length === 0) {
    return <Empty title="It has not run yet">Its runs will be here, with their logs. Run now starts the first.</Empty>;
  }
  return (
    <Panel title="Runs" note={plural(job.runs.length, 'run')} flush>
      <ol className="job-runs">
        {job.runs.map((run) => (
          <li key={run.id}>
            <route.Link
              to="."
              search={{ job: job.name, run: run.id === open ? undefined : run.id }}
              className="job-run"
              data-current={run.id === open}
              aria-expanded={run.id === open}
            >
              <State {...runLook(run)} />
              <span className="job-run-text">
                <span className="truncate">{runText(run)}</span>
                <span className="quiet">
                  <Instant at={run.startedAt ?? run.queuedAt} />
                </span>
              </span>
              <Duration run={run} longest={longest} />
            </route.Link>
            {run.id === open && <RunLog run={run} />}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Duration({ run: { durationMs }, longest }: { run: JobRun; longest: number }) {
  if (durationMs === null) return <span />;
  return <LengthMeter value={durationMs} longest={longest} />;
}

function RunLog({ run }: { run: JobRun }) {
  const live = run.endedAt === null ? WATCH_MS : false;
  const query = useQuery({ ...jobRunQuery(run.id), refetchInterval: live });
  return (
    <div className="run-log">
      <p className="quiet">
        {run.trigger === 'manual' ? `started by ${run.by}` : run.trigger.replace('_', ' ')}
        {run.attempt > 1 && `, attempt ${run.attempt}`}
        {run.instance !== null && ` on ${run.instance}`}
      </p>
      {run.error?.hint !== undefined && <p>{run.error.hint}</p>}
      <QueryView query={query} what="the log" rows={2}>
        {({ log }) =>
          log.length === 0 ? (
            <p className="quiet">It logged nothing.</p>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the focus to be scrolled by keyboard
            <pre tabIndex={0}>{log.map(({ at, text }) => `${at.slice(11, 19)}  ${text}`).join('\n')}</pre>
          )
        }
      </QueryView>
    </div>
  );
}
