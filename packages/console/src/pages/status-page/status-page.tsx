import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { StatusPageSummary, StatusPost } from '@yumops/protocol';
import { meQuery } from '../../api/queries.ts';
import { DayBars } from '../../charts/day-bars.tsx';
import { Button } from '../../components/button.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State, type Tone } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatPercent, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { POST_STATUSES } from '../incidents/incident-look.ts';
import { PostDetails } from './post-details.tsx';
import { PostForm } from './post-form.tsx';
import { COMPONENTS } from './status-look.ts';
import { postsQuery, statusPageQuery } from './status-queries.ts';
import './status-page.css';

const route = getRouteApi('/console/status-page');

const TONES: Record<StatusPageSummary['indicator'], Tone> = {
  none: 'ok',
  minor: 'warn',
  major: 'bad',
  critical: 'bad',
  maintenance: 'info',
  unknown: 'unknown',
};

/** What the public is told, and who tells it. */
export function StatusPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  const query = useQuery({ ...statusPageQuery, refetchInterval: useLiveInterval() });
  const close = () => void navigate({ search: {} });
  const open = (verb: 'report' | 'plan') => void navigate({ search: { do: verb } });
  const mayAct = me !== undefined && me.role !== 'viewer';
  return (
    <Page
      title="Status page"
      note={
        <a href="/status" target="_blank" rel="noreferrer">
          What visitors see
        </a>
      }
      actions={
        mayAct && (
          <>
            <Button icon="calendar" onClick={() => open('plan')}>
              Plan work
            </Button>
            <Button look="primary" onClick={() => open('report')}>
              Report
            </Button>
          </>
        )
      }
    >
      <QueryView query={query} what="the status page" rows={8}>
        {(summary) => (
          <div className="status-page">
            <p className="status-sentence">
              <State tone={TONES[summary.indicator]} word={summary.sentence} look="badge" />
            </p>
            <Posts open={search.post} />
            <Components summary={summary} />
            <People summary={summary} />
          </div>
        )}
      </QueryView>
      {search.post !== undefined && (
        <Drawer title="Post" close={close}>
          <PostDetails id={search.post} mayAct={mayAct} />
        </Drawer>
      )}
      {(search.do === 'report' || search.do === 'plan') && (
        <PostForm
          kind={search.do === 'plan' ? 'maintenance' : 'incident'}
          components={query.data?.components ?? []}
          close={close}
        />
      )}
    </Page>
  );
}

function Posts({ open }: { open: string | undefined }) {
  const query = useQuery({ ...postsQuery, refetchInterval: useLiveInterval() });
  const list = useListKeys<HTMLUListElement>();
  return (
    <Panel title="Posts" note={query.data && String(query.data.items.length)} flush>
      <QueryView query={query} what="the posts" rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing was ever reported">
              Draft a post from an incident, report one here, or plan work. Drafts are seen by nobody else.
            </Empty>
          ) : (
            <ul ref={list}>
              {items.map((post) => (
                <li key={post.id}>
                  <Row post={post} current={post.id === open} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Row({ post, current }: { post: StatusPost; current: boolean }) {
  const last = post.updates.at(-1);
  return (
    <route.Link data-row to="." search={{ post: post.id }} className="post-row" data-current={current}>
      {post.publishedAt === null ? (
        <State tone="none" icon="pending" word="Draft" look="badge" />
      ) : (
        <State {...POST_STATUSES[post.status]} look="badge" />
      )}
      <span className="post-text">
        <strong>{post.title}</strong>
        <span className="quiet truncate">{last?.body}</span>
      </span>
      <span className="quiet">
        {post.scheduledStart !== null ? <Instant at={post.scheduledStart} /> : <When at={last?.at ?? post.createdAt} />}
      </span>
    </route.Link>
  );
}

function Components({ summary }: { summary: StatusPageSummary }) {
  return (
    <Panel title="Components" note="what visitors know" flush>
      {summary.components.length === 0 ? (
        <Empty title="No components yet">
          Name them under <code>status_page.components</code>, each with the monitors whose checks it stands for.
        </Empty>
      ) : (
        <ul>
          {summary.components.map((component) => (
            <li key={component.id} className="component-row">
              <span className="post-text">
                <strong>{component.name}</strong>
                <span className="quiet">{component.group}</span>
              </span>
              <DayBars bars={component.bars.map((bar) => ({ ...bar, checks: 0, failed: 0 }))} />
              <span className="quiet figures">
                {component.uptime === null ? 'not measured' : formatPercent(component.uptime)}
              </span>
              <State {...COMPONENTS[component.status]} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function People({ summary: { subscribers, messages, snapshot } }: { summary: StatusPageSummary }) {
  return (
    <Panel title="Who is told">
      <dl className="status-facts">
        <div>
          <dt>Subscribers</dt>
          <dd>
            {plural(subscribers.email, 'mail address', 'mail addresses')}, {plural(subscribers.webhook, 'webhook')}
            {subscribers.unconfirmed > 0 && `, ${subscribers.unconfirmed} not confirmed yet`}
          </dd>
        </div>
        <div>
          <dt>Messages</dt>
          <dd>
            {messages.waiting === 0 ? 'none waits' : `${messages.waiting} wait`}{' '}
            {messages.failed > 0 && <State tone="bad" word={`${messages.failed} could not be delivered`} />}
          </dd>
        </div>
        <div>
          <dt>Static copy</dt>
          <dd>
            <Copy snapshot={snapshot} />
          </dd>
        </div>
      </dl>
    </Panel>
  );
}

function Copy({ snapshot }: Pick<StatusPageSummary, 'snapshot'>) {
  if (snapshot === null) {
    return (
      <State tone="warn" word="None: set status_page.snapshot, so that the page stays when the platform is away" />
    );
  }
  if (snapshot.error !== null) return <State tone="bad" word={snapshot.error} />;
  return (
    <>
      <code>{snapshot.address}</code>, written{' '}
      {snapshot.writtenAt === null ? 'not yet' : <When at={snapshot.writtenAt} />}
    </>
  );
}
