import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReportItem } from '@yumops/protocol';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { MakeForm } from './make-form.tsx';
import { KINDS } from './report-look.ts';
import { reportsQuery } from './report-queries.ts';
import './reports.css';

const route = getRouteApi('/console/reports');

/** Every report that was made, newest first, each with the first thing that it asked for. */
export function ReportsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  const query = useQuery({ ...reportsQuery, refetchInterval: useLiveInterval() });
  const list = useListKeys<HTMLUListElement>();
  return (
    <Page
      title="Reports"
      actions={
        me !== undefined &&
        me.role !== 'viewer' && (
          <Button look="primary" icon="chart" onClick={() => void navigate({ search: { do: 'make' } })}>
            Make a report
          </Button>
        )
      }
    >
      <Panel title="Reports" note={query.data && String(query.data.items.length)} flush>
        <QueryView query={query} what="the reports" rows={5}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No report was made yet">
                The first comes at 01:00, about the day before. Or make one now with{' '}
                <Command line="yumops report daily" />
              </Empty>
            ) : (
              <ul ref={list}>
                {items.map((report) => (
                  <li key={report.id}>
                    <Row report={report} />
                  </li>
                ))}
              </ul>
            )
          }
        </QueryView>
      </Panel>
      {search.do === 'make' && <MakeForm close={() => void navigate({ search: {} })} />}
    </Page>
  );
}

function Row({ report: { id, kind, title, sentence, todo, madeAt, sent } }: { report: ReportItem }) {
  const failed = sent.filter(({ state }) => state === 'failed').length;
  return (
    <Link data-row to="/reports/$id" params={{ id }} className="panel-row report-row">
      <span className="report-kind">{KINDS[kind].word}</span>
      <span className="report-text">
        <strong>{title}</strong>
        <span className="quiet">{sentence}</span>
      </span>
      <span className="report-when quiet">
        <When at={madeAt} />
        {todo.length > 0 && <span>{plural(todo.length, 'thing')} to do</span>}
        {failed > 0 && <State tone="bad" word={`not sent to ${failed}`} />}
      </span>
    </Link>
  );
}
