import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { TraceDetail, TraceSpan } from '@yumops/protocol';
import { CopyButton } from '../../components/copy-button.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatMilliseconds, plural } from '../../format/number.ts';
import { type PlacedSpan, placeSpans } from './trace-tree.ts';
import { traceQuery } from './traces-queries.ts';
import '../../components/facts.css';
import './traces.css';

const route = getRouteApi('/console/traces/$id');

/** One trace: its spans as a waterfall, with the log lines and errors that belong to it. */
export function TracePage() {
  const { id } = route.useParams();
  const query = useQuery(traceQuery(id));
  return (
    <Page title="Trace" note={<CopyButton text={id} label="Copy the id" />}>
      <QueryView query={query} what="the trace" rows={8}>
        {(trace) => <Trace trace={trace} />}
      </QueryView>
    </Page>
  );
}

function Trace({ trace }: { trace: TraceDetail }) {
  const { span: open } = route.useSearch();
  const navigate = route.useNavigate();
  const chosen = trace.spans.find(({ spanId }) => spanId === open);
  return (
    <div className="traces">
      <Facts trace={trace} />
      {open !== undefined && !chosen && trace.spans.length > 0 && (
        <p className="trace-missing" role="status">
          <State tone="warn" word={`Span ${open} was not received`} />
          <span className="quiet">The others of its trace are here.</span>
        </p>
      )}
      {trace.spans.length === 0 ? (
        <NoSpans />
      ) : (
        <Panel title="Spans" flush>
          <ol className="waterfall">
            {placeSpans(trace.spans).map((placed) => (
              <li key={placed.span.spanId}>
                <SpanRow placed={placed} trace={trace} current={placed.span.spanId === open} />
              </li>
            ))}
          </ol>
        </Panel>
      )}
      <Errors trace={trace} />
      <Lines trace={trace} />
      {chosen && (
        <Drawer title={chosen.name} close={() => void navigate({ search: {} })}>
          <SpanDetails span={chosen} />
        </Drawer>
      )}
    </div>
  );
}

function Facts({ trace: { spans, traceId, durationMs, startedAt } }: { trace: TraceDetail }) {
  const services = new Set(spans.map(({ service }) => service).filter(Boolean)).size;
  const [first] = spans;
  return (
    <p className="trace-facts">
      {first ? <strong>{first.name}</strong> : <code>{traceId}</code>}
      {first && <span className="figures">{formatMilliseconds(durationMs)}</span>}
      <Instant at={startedAt} />
      {first && (
        <span className="quiet">
          {plural(spans.length, 'span')}
          {services > 0 && ` of ${plural(services, 'service')}`}
        </span>
      )}
    </p>
  );
}

function NoSpans() {
  return (
    <Panel title="Spans">
      <Empty title="No span of this trace was received">
        <p>
          What carries its id is below. Applications send spans of some traces only: raise the sample rate of their SDK
          to see more. Spans are kept for 7 days unless the configuration says otherwise.
        </p>
      </Empty>
    </Panel>
  );
}

const hasFailed = ({ status }: TraceSpan) => status !== null && !['ok', 'unset', 'cancelled'].includes(status);
/** Spans shorter than a pixel are still seen. */
const LEAST_SHARE = 0.002;

function SpanRow({
  placed: { span, depth },
  trace,
  current,
}: {
  placed: PlacedSpan;
  trace: TraceDetail;
  current: boolean;
}) {
  const whole = Math.max(trace.durationMs, 0.001);
  const from = Math.min(1 - LEAST_SHARE, Math.max(0, span.offsetMs / whole));
  const share = Math.max(LEAST_SHARE, Math.min(1 - from, span.durationMs / whole));
  const lines = trace.logs.filter(({ spanId }) => spanId === span.spanId).length;
  return (
    <route.Link to="." search={{ span: span.spanId }} className="span-row" data-current={current}>
      <span className="span-name truncate" style={{ paddingLeft: Math.min(depth, 20) * 12 }}>
        {hasFailed(span) && <State tone="bad" word="failed" />} {span.name}{' '}
        <span className="quiet">{span.service}</span>
        {lines > 0 && <span className="quiet"> · {plural(lines, 'line')}</span>}
      </span>
      <span className="span-track" aria-hidden="true">
        <span
          className={`span-bar span-${kindOf(span)}`}
          style={{ marginLeft: `${from * 100}%`, width: `${share * 100}%` }}
        />
      </span>
      <span className="span-length figures">{formatMilliseconds(span.durationMs)}</span>
    </route.Link>
  );
}

function kindOf(span: TraceSpan): 'failed' | 'database' | 'out' | 'work' {
  if (hasFailed(span)) return 'failed';
  if (span.op?.startsWith('db') === true) return 'database';
  return span.kind === 'client' || span.op === 'http.client' ? 'out' : 'work';
}

function Errors({ trace: { errors } }: { trace: TraceDetail }) {
  if (errors.length === 0) return null;
  return (
    <Panel title="Errors" note={plural(errors.length, 'error')} flush>
      <ul>
        {errors.map(({ eventId, groupId, type, message, timestamp }) => (
          <li key={eventId}>
            <Link to="/errors/$id" params={{ id: groupId }} className="trace-line">
              <Instant at={timestamp} />
              <State tone="bad" word={type || 'Error'} />
              <span className="truncate">{message}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Lines({ trace: { logs } }: { trace: TraceDetail }) {
  if (logs.length === 0) return null;
  return (
    <Panel title="Log lines" note={plural(logs.length, 'line')} flush>
      <ul>
        {logs.map(({ id, timestamp, level, message }) => (
          <li key={id}>
            <Link to="/logs/$id" params={{ id }} className="trace-line">
              <Instant at={timestamp} />
              <span className="quiet">{level}</span>
              <span className="truncate">{message}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** As much of a statement as the database's page looks for. */
const LONGEST_STATEMENT = 2_000;

/**
 * The text of a span of a database that answers SQL, by today's and the earlier name of OpenTelemetry; Sentry's spans have it as
 * their name.
 */
function statementOf({ op, name, attributes }: TraceSpan): string | undefined {
  const system = attributes['db.system.name'] ?? attributes['db.system'];
  if (system !== undefined && !/postgres/i.test(system)) return undefined;
  const text = attributes['db.query.text'] ?? attributes['db.statement'];
  const named = op === 'db' || op?.startsWith('db.sql') === true || op === 'db.query';
  return (text ?? (named ? name : undefined))?.slice(0, LONGEST_STATEMENT);
}

function SpanDetails({ span }: { span: TraceSpan }) {
  const statement = statementOf(span);
  return (
    <div className="traces">
      <dl className="facts">
        <dt>Took</dt>
        <dd className="figures">
          {formatMilliseconds(span.durationMs)}, {formatMilliseconds(span.offsetMs)} after the start
        </dd>
        {Object.entries({
          service: span.service,
          kind: span.kind,
          op: span.op,
          status: span.status,
          ...span.attributes,
        }).map(([name, value]) => value && <Fact key={name} name={name} value={value} />)}
      </dl>
      {statement !== undefined && (
        <p>
          <Link className="button button-normal" to="/database" search={{ view: 'queries', text: statement }}>
            This statement in the database
          </Link>
        </p>
      )}
      {span.events.length > 0 && (
        <Panel title="Events" flush>
          <ul>
            {span.events.map((event, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity of their own
              <li key={index} className="trace-event">
                {event.name}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  );
}
