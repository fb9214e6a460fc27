import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ErrorEventDetail } from '@yumops/protocol';
import { inProject } from '../../api/project.ts';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatBytes } from '../../format/number.ts';
import { Breadcrumbs } from './breadcrumbs.tsx';
import { errorEventQuery } from './errors-queries.ts';
import { Stack } from './stack.tsx';

const route = getRouteApi('/console/errors/$id');

/** One event of an error in the order in which people ask: where, what before, for whom, with what. */
export function EventView({ eventId }: { eventId: string }) {
  const query = useQuery(errorEventQuery(eventId));
  return (
    <QueryView query={query} what="the event" rows={6}>
      {(event) => (
        <>
          <Panel title="Event" note={<Instant at={event.timestamp} />} actions={<Neighbours event={event} />}>
            <Facts event={event} />
          </Panel>
          {event.exception.values.toReversed().map((exception, index) => (
            <Stack
              // biome-ignore lint/suspicious/noArrayIndexKey: two exceptions of a chain may be alike in everything.
              key={index}
              exception={exception}
              title={index === 0 ? 'Stack' : `Caused by ${exception.type ?? 'an error'}`}
            />
          ))}
          <Breadcrumbs event={event} />
          <Feedback event={event} />
          <Attachments event={event} />
          <More event={event} />
        </>
      )}
    </QueryView>
  );
}

function Neighbours({ event }: { event: ErrorEventDetail }) {
  const to = (id: string | null, label: string) =>
    id === null ? (
      <span className="quiet">{label}</span>
    ) : (
      <route.Link to="." search={(old) => ({ ...old, event: id })}>
        {label}
      </route.Link>
    );
  return (
    <span className="error-neighbours">
      {to(event.previous, 'Older')}
      {to(event.next, 'Newer')}
    </span>
  );
}

function Facts({ event }: { event: ErrorEventDetail }) {
  const user = Object.entries(event.user)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([, value]) => String(value))
    .join(' · ');
  const url = typeof event.request?.['url'] === 'string' ? event.request['url'] : null;
  const facts: [string, string | null][] = [
    ['Id', event.id],
    ['Release', event.release],
    ['Environment', event.environment],
    ['Route', event.transaction],
    ['Address', url],
    ['Person', user === '' ? null : user],
    ['Machine', event.serverName],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name} className="error-fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
      {event.traceId !== null && (
        <div className="error-fact">
          <dt>Trace</dt>
          <dd>
            <Link to="/traces/$id" params={{ id: event.traceId }}>
              {event.traceId.slice(0, 8)}
            </Link>
          </dd>
        </div>
      )}
      {event.requestId !== null && (
        <div className="error-fact">
          <dt>Request</dt>
          <dd>
            <Link to="/logs" search={{ q: `requestId:${event.requestId}`, ...around(event.timestamp) }}>
              Log lines of request {event.requestId}
            </Link>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** Ten minutes before and after. */
function around(at: string): { from: string; to: string } {
  const time = Date.parse(at);
  return { from: new Date(time - 600_000).toISOString(), to: new Date(time + 600_000).toISOString() };
}

function Feedback({ event: { feedback } }: { event: ErrorEventDetail }) {
  if (feedback.length === 0) return null;
  return (
    <Panel title="What people said">
      {feedback.map(({ message, name, email, timestamp }) => (
        <blockquote key={`${timestamp} ${message}`} className="error-words">
          <p>{message}</p>
          <footer className="quiet">
            {name ?? email ?? 'Somebody'} <When at={timestamp} />
          </footer>
        </blockquote>
      ))}
    </Panel>
  );
}

function Attachments({ event: { attachments } }: { event: ErrorEventDetail }) {
  if (attachments.length === 0) return null;
  return (
    <Panel title="Attachments">
      <ul className="error-files">
        {attachments.map(({ id, filename, bytes, contentType }) => (
          <li key={id}>
            <a href={inProject(`/api/v1/attachments/${id}`)} download={filename}>
              {filename}
            </a>{' '}
            <span className="quiet">
              {formatBytes(bytes)} {contentType}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function More({ event }: { event: ErrorEventDetail }) {
  const parts = [
    ['Tags', event.tags],
    ['Extra', event.extra],
    ['Contexts', event.contexts],
    ['Request', event.request ?? {}],
  ] as const;
  const filled = parts.filter(([, value]) => Object.keys(value).length > 0);
  if (filled.length === 0) return null;
  return (
    <Panel title="More">
      {filled.map(([name, value]) => (
        <details key={name} className="error-more">
          <summary>{name}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the focus to be scrolled by keyboard */}
          <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
        </details>
      ))}
    </Panel>
  );
}
