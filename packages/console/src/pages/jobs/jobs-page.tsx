import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { JobItem, JobRun } from '@yumops/protocol';
import { jobRunsQuery, jobsQuery } from '../../api/queries.ts';
import { AskedSpan, useAskedSpan } from '../../components/asked-span.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatMilliseconds } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import type { Span } from '../../time/range.ts';
import { JobDetails } from './job-details.tsx';
import { jobLook, runLook, runText } from './job-state.ts';
import { RunProgress } from './run-progress.tsx';
import './jobs.css';

const route = getRouteApi('/console/jobs');

/** Every job: what runs, what went wrong, what comes next. */
export function JobsPage() {
  const query = useQuery({ ...jobsQuery, refetchInterval: useLiveInterval() });
  const { job } = route.useSearch();
  const span = useAskedSpan();
  const navigate = route.useNavigate();
  return (
    <Page title="Jobs" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      <AskedSpan />
      {span !== null && <RunsBetween span={span} />}
      <QueryView query={query} what="the jobs" rows={6}>
        {({ items }) => <JobTable jobs={items} open={job} />}
      </QueryView>
      {job !== undefined && (
        <Drawer
          title={job}
          close={() => void navigate({ search: (old) => ({ ...old, job: undefined, run: undefined }) })}
        >
          <JobDetails name={job} />
        </Drawer>
      )}
    </Page>
  );
}

/** Every run of a stretch of time, newest first. */
function RunsBetween({ span }: { span: Span }) {
  const query = useQuery(jobRunsQuery(span));
  return (
    <Panel title="Runs" note={query.data && String(query.data.items.length)} flush>
      <QueryView query={query} what="the runs" rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No job ran then" />
          ) : (
            <ul>
              {items.map((run) => (
                <li key={run.id}>
                  <RunRow run={run} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function RunRow({ run }: { run: JobRun }) {
  return (
    <route.Link data-row to="." search={(old) => ({ ...old, job: run.job, run: run.id })} className="job-row">
      <span className="job-name">
        <strong className="truncate">{run.job}</strong>
      </span>
      <span className="job-now">
        <State {...runLook(run)} />
        <span className="quiet truncate">{runText(run)}</span>
      </span>
      <span className="quiet">{run.trigger}</span>
      <span className="figures">{run.durationMs === null ? '' : formatMilliseconds(run.durationMs)}</span>
      <span className="quiet">
        <Instant at={run.queuedAt} />
      </span>
    </route.Link>
  );
}

/** What runs comes first, then what has a problem, then what is due next. */
function rank(job: JobItem): string {
  const group = job.activeRun ? 0 : job.problems.length > 0 ? 1 : job.nextRunAt === null ? 3 : 2;
  return `${group} ${job.nextRunAt ?? ''} ${job.name}`;
}

function JobTable({ jobs, open }: { jobs: readonly JobItem[]; open: string | undefined }) {
  const list = useListKeys<HTMLDivElement>();
  const ranked = jobs.toSorted((a, b) => rank(a).localeCompare(rank(b)));
  return (
    <div className="panel jobs" ref={list}>
      <div className="job-columns" aria-hidden="true">
        <span>Job</span>
        <span>State</span>
        <span>Last run</span>
        <span>Took</span>
        <span>Next</span>
      </div>
      <ul>
        {ranked.map((job) => (
          <li key={job.name}>
            <Row job={job} current={job.name === open} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Row({ job, current }: { job: JobItem; current: boolean }) {
  const run = job.activeRun ?? job.lastRun;
  return (
    <route.Link
      data-row
      to="."
      search={(old) => ({ ...old, job: job.name, run: undefined })}
      className="job-row"
      data-current={current}
    >
      <span className="job-name">
        <strong className="truncate">{job.name}</strong>
        <span className="quiet">{job.title}</span>
      </span>
      <span className="job-now">
        <State {...jobLook(job)} />
        {job.activeRun?.progress ? (
          <RunProgress progress={job.activeRun.progress} />
        ) : (
          <span className="quiet truncate">{job.problems[0]?.message ?? (run ? runText(run) : '')}</span>
        )}
      </span>
      <span className="quiet">
        {job.lastRun === null ? 'not yet' : <When at={job.lastRun.endedAt ?? job.lastRun.queuedAt} />}
      </span>
      <span className="figures">
        {job.lastRun?.durationMs == null ? '' : formatMilliseconds(job.lastRun.durationMs)}
      </span>
      <span className="quiet">{job.nextRunAt === null ? 'by hand' : <When at={job.nextRunAt} />}</span>
    </route.Link>
  );
}
