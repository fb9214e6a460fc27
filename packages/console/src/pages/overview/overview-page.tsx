import { useQuery } from '@tanstack/react-query';
import type { Overview } from '@yumops/protocol';
import { overviewQuery } from '../../api/queries.ts';
import { Freshness } from '../../components/freshness.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { MonitorStrip } from './monitor-strip.tsx';
import { OnCallNow } from './on-call-now.tsx';
import { Pipeline } from './pipeline.tsx';
import { Signals } from './signals.tsx';
import { Todo } from './todo.tsx';
import { Verdict } from './verdict.tsx';
import './overview.css';

/** Is it fine, and if not, what to do now. */
export function OverviewPage() {
  const query = useQuery({ ...overviewQuery, refetchInterval: useLiveInterval() });
  return (
    <Page title="Overview" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      <QueryView query={query} what="the overview" rows={8}>
        {(overview: Overview) => (
          <>
            <Verdict overview={overview} />
            <Todo items={overview.todo} />
            <Signals signals={overview.signals} />
            <MonitorStrip />
            <OnCallNow />
            {overview.pipeline !== null && <Pipeline pipeline={overview.pipeline} />}
          </>
        )}
      </QueryView>
    </Page>
  );
}
