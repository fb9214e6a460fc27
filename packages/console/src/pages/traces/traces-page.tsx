import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { TraceItem, TraceRoute } from '@yumops/protocol';
import { Button } from '../../components/button.tsx';
import { Choice } from '../../components/choice.tsx';
import { Command } from '../../components/command.tsx';
import { LengthMeter } from '../../components/length-meter.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatMilliseconds, formatPercent, plural } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { type TraceFilter, traceRoutesQuery, tracesQuery } from './traces-queries.ts';
import './traces.css';

const route = getRouteApi('/console/traces');
const ORDERS = [
  { value: 'slowest', label: 'Slowest' },
  { value: 'newest', label: 'Newest' },
] as const;

/** What services do and how long it takes; the slowest and failing traces. */
export function TracesPage() {
  const { service, name, failed } = route.useSearch();
  const { span } = usePageTime();
  const filter: TraceFilter = { ...span, service, name, failed };
  const query = useQuery(traceRoutesQuery({ ...filter, name: undefined, failed: undefined }));
  return (
    <Page title="Traces">
      <QueryView query={query} what="the traces" rows={8}>
        {({ items }) =>
          items.length === 0 ? (
            <NoTraces />
          ) : (
            <div className="traces">
              <Panel title="What takes time" note="most time in all first" flush>
                <Routes items={items} />
              </Panel>
              <Traces filter={filter} />
            </div>
          )
        }
      </QueryView>
    </Page>
  );
}

function Routes({ items }: { items: readonly TraceRoute[] }) {
  const { name: chosen } = route.useSearch();
  return (
    <ul>
      {items.slice(0, 20).map(({ service, name, count, failed, p50, p95 }) => (
        <li key={`${service} ${name}`}>
          <route.Link
            to="."
            search={(old) => ({ ...old, service: service || undefined, name })}
            className="trace-route"
            data-current={name === chosen}
          >
            <span className="truncate">
              <strong>{name}</strong> <span className="quiet">{service}</span>
            </span>
            <span className="quiet">{plural(count, 'time')}</span>
            <span className="figures">p50 {formatMilliseconds(p50)}</span>
            <span className="figures">p95 {formatMilliseconds(p95)}</span>
            {failed > 0 ? <State tone="bad" word={`${formatPercent(failed * 100)} failed`} /> : <span />}
          </route.Link>
        </li>
      ))}
    </ul>
  );
}

function Traces({ filter }: { filter: TraceFilter }) {
  const { order = 'slowest', failed, name } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(tracesQuery(filter, order));
  return (
    <Panel
      title={name === undefined ? 'Traces' : name}
      actions={
        <>
          {name !== undefined && (
            <Button
              icon="close"
              onClick={() => void navigate({ search: (old) => ({ ...old, name: undefined, service: undefined }) })}
            >
              All
            </Button>
          )}
          <Button
            aria-pressed={failed === 'true'}
            onClick={() =>
              void navigate({ search: (old) => ({ ...old, failed: failed === 'true' ? undefined : 'true' }) })
            }
          >
            Only failed
          </Button>
          <Choice
            label="Order"
            bare
            value={order === 'newest' ? 'newest' : 'slowest'}
            options={ORDERS}
            onChange={(value) =>
              void navigate({ search: (old) => ({ ...old, order: value === 'slowest' ? undefined : value }) })
            }
          />
        </>
      }
      flush
    >
      <QueryView query={query} what="the traces" rows={6}>
        {({ items }) =>
          items.length === 0 ? <Empty title="No such trace in this time" /> : <TraceRows items={items} />
        }
      </QueryView>
    </Panel>
  );
}

function TraceRows({ items }: { items: readonly TraceItem[] }) {
  const list = useListKeys<HTMLUListElement>();
  const longest = Math.max(1, ...items.map(({ durationMs }) => durationMs));
  return (
    <ul ref={list}>
      {items.map((trace) => (
        <li key={trace.traceId}>
          <Link data-row to="/traces/$id" params={{ id: trace.traceId }} className="trace-row">
            <span className="quiet">
              <Instant at={trace.startedAt} />
            </span>
            <span className="truncate">
              {trace.name} <span className="quiet">{trace.service}</span>
            </span>
            <span className="quiet">{plural(trace.spans, 'span')}</span>
            <LengthMeter value={trace.durationMs} longest={longest} />
            {trace.errors > 0 ? <State tone="bad" word={plural(trace.errors, 'error')} /> : <span />}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function NoTraces() {
  return (
    <Empty title="No traces in this time">
      <p>
        What services do, span by span, will be here. Point an OpenTelemetry or Sentry SDK at YumOps; this makes its
        key:
      </p>
      <Command line="yumops ingest-key create" />
    </Empty>
  );
}
