import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ErrorIssueDetail } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatCount, plural, UNKNOWN } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { Decide } from './decide.tsx';
import { stateOf, titleOf } from './error-state.ts';
import { errorQuery } from './errors-queries.ts';
import { EventView } from './event-view.tsx';
import { Groups } from './groups.tsx';
import { Shares } from './shares.tsx';
import './errors.css';

const route = getRouteApi('/console/errors/$id');

/** One error: how often and for whom, where it comes from, what came before, and why its events are one. */
export function ErrorPage() {
  const { id } = route.useParams();
  const { span } = usePageTime();
  const query = useQuery(errorQuery(id, span));
  const title = query.data === undefined ? 'Error' : titleOf(query.data);
  return (
    <Page title={title} actions={<Link to="/errors">All errors</Link>}>
      <QueryView query={query} what="the error" rows={8}>
        {(issue) => <Issue issue={issue} span={span} />}
      </QueryView>
    </Page>
  );
}

function Issue({ issue, span }: { issue: ErrorIssueDetail; span: { from: number; to: number } }) {
  const { event } = route.useSearch();
  const shown = event ?? issue.latestEventId;
  return (
    <div className="error-detail">
      <Head issue={issue} />
      <div className="error-columns-2">
        <div className="error-main">
          <Trend issue={issue} span={span} />
          {shown === null ? null : <EventView eventId={shown} />}
          <Groups issue={issue} />
        </div>
        <aside className="error-side" aria-label="What the events have in common">
          <Seen issue={issue} />
          <Shares issue={issue} />
          <Activity issue={issue} />
        </aside>
      </div>
    </div>
  );
}

function Head({ issue }: { issue: ErrorIssueDetail }) {
  const state = stateOf(issue);
  return (
    <section className="error-head" aria-label="Now">
      <p className="error-states">
        {state !== null && <State {...state} look="badge" />}
        <State tone={issue.level === 'warning' || issue.level === 'info' ? 'info' : 'bad'} word={issue.level} />
        {issue.unhandled && <State tone="bad" word="Not handled" />}
        {issue.assignee !== null && <State tone="info" icon="user" word={`Assigned to ${issue.assignee}`} />}
        {issue.owners.length > 0 && <span className="quiet">owned by {issue.owners.join(', ')}</span>}
      </p>
      {issue.type !== null && <p className="error-message">{issue.message}</p>}
      <p className="quiet">{issue.culprit}</p>
      <p className="error-counts figures">
        <strong>{formatCount(issue.count)}</strong> {issue.count === 1 ? 'event' : 'events'}
        <strong>{issue.users === 0 ? UNKNOWN : formatCount(issue.users)}</strong>{' '}
        {issue.users === 1 ? 'person' : 'people'}
        <span className="quiet">in the range of the page</span>
      </p>
      <Decide issue={issue} />
      <Decision issue={issue} />
    </section>
  );
}

/** Where the fix is, behind "Resolved". */
function placeOf({ release, commit, inNextRelease }: NonNullable<ErrorIssueDetail['resolution']>): string {
  if (commit !== null) return ` in commit ${commit.slice(0, 12)}`;
  if (release === null) return '';
  return ` ${inNextRelease ? 'in the release after' : 'in'} ${release}`;
}

function Decision({ issue: { resolution, ignore } }: { issue: ErrorIssueDetail }) {
  if (resolution !== null) {
    const after = resolution.commit === null ? 'An event of it from then on' : 'An event of a release with that commit';
    return (
      <p className="quiet">
        Resolved{placeOf(resolution)} by {resolution.by}, <When at={resolution.at} />. {after} is a regression.
      </p>
    );
  }
  if (ignore === null) return null;
  const until = [
    ignore.count !== null && `${plural(ignore.count, 'event')} more`,
    ignore.users !== null && `${plural(ignore.users, 'person', 'people')} more`,
    ignore.escalating && 'it comes much more often',
  ].filter(Boolean);
  return (
    <p className="quiet">
      Ignored{' '}
      {ignore.until !== null && (
        <>
          until <Instant at={ignore.until} />
        </>
      )}
      {until.length > 0 && `until ${until.join(' or ')}`}
      {ignore.until === null && until.length === 0 && 'for good'}.
    </p>
  );
}

function Trend({ issue, span }: { issue: ErrorIssueDetail; span: { from: number; to: number } }) {
  const step = (span.to - span.from) / issue.histogram.length;
  return (
    <TimeChart
      title="Events"
      summary={`${plural(issue.count, 'event')}, the last ${new Date(issue.lastSeen).toISOString()}.`}
      kind="bars"
      times={issue.histogram.map((_, index) => Math.round(span.from + index * step))}
      series={[{ label: 'Events', token: 'series-1', values: issue.histogram }]}
      format={formatCount}
    />
  );
}

function Seen({ issue }: { issue: ErrorIssueDetail }) {
  return (
    <Panel title="Seen">
      <dl className="facts">
        <dt>First</dt>
        <dd>
          <Instant at={issue.firstSeen} />
          {issue.firstRelease !== null && <span className="quiet"> in {issue.firstRelease}</span>}
        </dd>
        <dt>Last</dt>
        <dd>
          <Instant at={issue.lastSeen} />
          {issue.lastRelease !== null && <span className="quiet"> in {issue.lastRelease}</span>}
        </dd>
      </dl>
    </Panel>
  );
}

const WORDS: Record<string, string> = {
  'error.resolve': 'resolved it',
  'error.ignore': 'ignored it',
  'error.reopen': 'reopened it',
  'error.assign': 'assigned it',
  'error.merge': 'merged others into it',
  'error.split': 'took groups out of it',
};

function Activity({ issue: { activity } }: { issue: ErrorIssueDetail }) {
  if (activity.length === 0) return null;
  return (
    <Panel title="What was done">
      <ul className="error-activity">
        {activity.map(({ at, actor, action }) => (
          <li key={`${at} ${action}`}>
            <strong>{actor}</strong> {WORDS[action] ?? action}{' '}
            <span className="quiet">
              <When at={at} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
