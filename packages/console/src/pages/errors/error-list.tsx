import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ErrorIssue } from '@yumops/protocol';
import { type FormEvent, useState } from 'react';
import { Sparkline } from '../../charts/sparkline.tsx';
import { Button } from '../../components/button.tsx';
import { Choice } from '../../components/choice.tsx';
import { Command } from '../../components/command.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatCount, plural, UNKNOWN } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { stateOf, titleOf } from './error-state.ts';
import { errorsQuery } from './errors-queries.ts';
import { MergeBar } from './merge-bar.tsx';

const route = getRouteApi('/console/errors');

const SORTS = [
  { value: 'impact', label: 'People' },
  { value: 'events', label: 'Events' },
  { value: 'last', label: 'Last seen' },
  { value: 'first', label: 'First seen' },
] as const;

/** Issues of one status in the range of the page, those that meet most people first. */
export function ErrorList({ status }: { status: 'unresolved' | 'resolved' | 'ignored' }) {
  const { q, sort = 'impact', release } = route.useSearch();
  const { span } = usePageTime();
  const query = useQuery(errorsQuery({ ...span, status, q, sort, release }));
  const filtered = q !== undefined || release !== undefined;
  return (
    <>
      <Filters key={q ?? ''} />
      <QueryView query={query} what="the errors" rows={8}>
        {({ items }) =>
          items.length === 0 ? <NoErrors status={status} filtered={filtered} /> : <Rows issues={items} />
        }
      </QueryView>
    </>
  );
}

function Filters() {
  const { q, sort = 'impact', release } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(q ?? '');
  const set = (changed: { q?: string | undefined; sort?: string; release?: string | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...changed }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set({ q: typed.trim() === '' ? undefined : typed.trim() });
  };
  return (
    <form className="error-filters" onSubmit={submit}>
      <input
        className="error-search"
        type="search"
        aria-label="Words of type, message or place"
        placeholder="Type, message or place"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit">Search</Button>
      {release !== undefined && (
        <Button icon="close" onClick={() => set({ release: undefined })}>
          {release}
        </Button>
      )}
      <Choice
        label="First those with most"
        bare
        value={sort as 'impact'}
        options={SORTS}
        onChange={(value) => set({ sort: value })}
      />
    </form>
  );
}

function Rows({ issues }: { issues: readonly ErrorIssue[] }) {
  const list = useListKeys<HTMLDivElement>();
  const { picked: given } = route.useSearch();
  const navigate = route.useNavigate();
  const picked = given?.split(',') ?? [];
  const setPicked = (ids: readonly string[]) =>
    void navigate({ search: (old) => ({ ...old, picked: ids.join(',') || undefined }), replace: true });
  const toggle = (id: string) => setPicked(picked.includes(id) ? picked.filter((one) => one !== id) : [...picked, id]);
  const chosen = issues.filter(({ id }) => picked.includes(id));
  return (
    <div className="errors" ref={list}>
      {chosen.length > 0 && <MergeBar issues={chosen} clear={() => setPicked([])} />}
      <div className="error-columns" aria-hidden="true">
        <span>Error</span>
        <span>Trend</span>
        <span className="error-figure">Events</span>
        <span className="error-figure">People</span>
        <span>Last seen</span>
      </div>
      <ul>
        {issues.map((issue) => (
          <li key={issue.id} className="error-item">
            <label className="error-pick" title="Choose it to merge it with others">
              <input type="checkbox" checked={picked.includes(issue.id)} onChange={() => toggle(issue.id)} />
              <span className="visually-hidden">Choose {titleOf(issue)}</span>
            </label>
            <Row issue={issue} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Row({ issue }: { issue: ErrorIssue }) {
  const state = stateOf(issue);
  const meta = [issue.culprit, issue.lastRelease, ...issue.owners, issue.assignee && `assigned to ${issue.assignee}`];
  return (
    <route.Link
      data-row
      to="/errors/$id"
      params={{ id: issue.id }}
      search={({ range, from, to }) => ({ range, from, to })}
      className="error-row"
    >
      <span className="error-name">
        <span className="error-title">
          <strong className="truncate">{titleOf(issue)}</strong>
          {state !== null && <State {...state} look="badge" />}
          {issue.unhandled && <State tone="bad" word="Not handled" />}
        </span>
        {issue.type !== null && <span className="truncate">{issue.message}</span>}
        <span className="quiet truncate">{meta.filter(Boolean).join(' · ')}</span>
      </span>
      <Sparkline values={issue.histogram} summary={`${plural(issue.count, 'event')} in the range`} />
      <span className="error-figure figures">
        {formatCount(issue.count)} <span className="error-unit">events</span>
      </span>
      <span className="error-figure figures">
        {issue.users === 0 ? UNKNOWN : formatCount(issue.users)} <span className="error-unit">people</span>
      </span>
      <span className="quiet error-seen">
        <When at={issue.lastSeen} />
      </span>
    </route.Link>
  );
}

function NoErrors({ status, filtered }: { status: string; filtered: boolean }) {
  if (filtered) return <Empty title="No error matches">Nothing in this range has these words or this release.</Empty>;
  if (status !== 'unresolved') return <Empty title={`No ${status} errors in this range`} />;
  return (
    <Empty title="No errors in this range">
      <p>Errors come from the SDK or from any official Sentry SDK: only its DSN changes.</p>
      <Command line={`SENTRY_DSN=${location.protocol}//YOUR-KEY@${location.host}/1`} />
    </Empty>
  );
}
