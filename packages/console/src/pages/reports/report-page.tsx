import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReportDetail, ReportTodo } from '@yumops/protocol';
import { Button } from '../../components/button.tsx';
import { HrefLink } from '../../components/href-link.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { glued, plural } from '../../format/number.ts';
import { DELIVERIES } from './report-look.ts';
import { reportQuery } from './report-queries.ts';
import { ReportSectionView } from './section.tsx';
import './reports.css';

const route = getRouteApi('/console/reports/$id');

/** One report: what to do next, then every section with its changes, figures and graphs. */
export function ReportPage() {
  const { id } = route.useParams();
  const query = useQuery(reportQuery(id));
  const file = (suffix: string) => `/api/v1/reports/${encodeURIComponent(id)}.${suffix}`;
  return (
    <Page
      title={query.data?.title ?? 'Report'}
      actions={
        <>
          <Button onClick={() => window.print()}>Print</Button>
          <a className="button button-normal" href={file('md')} download={`report-${id}.md`}>
            Markdown
          </a>
          <a className="button button-normal" href={file('html')} download={`report-${id}.html`}>
            HTML
          </a>
        </>
      }
    >
      <QueryView query={query} what="the report" rows={12}>
        {(report) => <Report report={report} />}
      </QueryView>
    </Page>
  );
}

function Report({ report }: { report: ReportDetail }) {
  return (
    <div className="report">
      <div className="report-lead">
        <p className="report-sentence">{glued(report.sentence)}</p>
        <p className="quiet">
          {spanText(report)}, made <When at={report.madeAt} /> by {report.madeBy}
        </p>
      </div>
      <Panel title="What to do next" note={`of ${plural(report.considered, 'observation')}`}>
        {report.todo.length === 0 ? (
          <p className="quiet">Nothing asks for anything.</p>
        ) : (
          <ol className="report-todo">
            {report.todo.map((todo) => (
              <Todo key={todo.rank} todo={todo} />
            ))}
          </ol>
        )}
      </Panel>
      {report.sections.map((section) => (
        <ReportSectionView key={section.key} section={section} />
      ))}
      {report.sent.length > 0 && <Sent report={report} />}
    </div>
  );
}

/** The two times in the zone of the report. */
function spanText({ from, to, comparedWith, timeZone }: ReportDetail): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone },
  });
  const span = (one: { from: string; to: string }) => format.formatRange(new Date(one.from), new Date(one.to));
  return `${span({ from, to })} ${timeZone}, compared with ${span(comparedWith)}`;
}

function Todo({ todo: { rank, title, reason, evidence, href } }: { todo: ReportTodo }) {
  return (
    <li className="report-thing">
      <span className="report-rank figures" aria-hidden="true">
        {rank}
      </span>
      <div>
        <h3>
          <HrefLink href={href}>{title}</HrefLink>
        </h3>
        <p>{glued(reason)}</p>
        {evidence.map((line) => (
          <p key={line} className="quiet">
            {glued(line)}
          </p>
        ))}
      </div>
    </li>
  );
}

function Sent({ report: { sent } }: { report: ReportDetail }) {
  return (
    <Panel title="Who got it" flush>
      <ul className="report-sent">
        {sent.map(({ channel, target, state, at, reason }) => (
          <li key={`${channel} ${target}`}>
            <State {...DELIVERIES[state]} />
            <span>
              {channel} {target}
            </span>
            <span className="quiet">
              {at !== null && <When at={at} />} {reason}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
