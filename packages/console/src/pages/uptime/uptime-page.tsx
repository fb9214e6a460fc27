import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { meQuery, monitorsQuery } from '../../api/queries.ts';
import { AskedSpan, useAskedSpan } from '../../components/asked-span.tsx';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Views } from '../../components/views.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { AvailabilityBetween } from './availability-between.tsx';
import { MonitorDetails } from './monitor-details.tsx';
import { AddMonitor } from './monitor-form.tsx';
import { MonitorTable } from './monitor-table.tsx';
import { Probes } from './probes.tsx';
import './uptime.css';

const route = getRouteApi('/console/uptime');

const VIEWS = [
  { view: undefined, label: 'Monitors' },
  { view: 'probes', label: 'Probes' },
];

/** Every monitor, the worst state first; the agents that check from other places. */
export function UptimePage() {
  const query = useQuery({ ...monitorsQuery, refetchInterval: useLiveInterval() });
  const { view, monitor, do: doing, kind } = route.useSearch();
  const navigate = route.useNavigate();
  const span = useAskedSpan();
  const isAdmin = useQuery(meQuery).data?.role === 'admin';
  const open = query.data?.items.find(({ id }) => id === monitor);
  const show = (search: { view?: string; monitor?: string; do?: string; kind?: string }) => void navigate({ search });
  return (
    <Page
      title="Uptime"
      note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}
      actions={
        isAdmin && (
          <Button look="primary" onClick={() => show({ do: 'add' })}>
            Add a monitor
          </Button>
        )
      }
    >
      <Views page="/uptime" views={VIEWS} current={view} />
      {view === 'probes' ? (
        <Probes />
      ) : (
        <>
          <AskedSpan />
          {span !== null && <AvailabilityBetween span={span} />}
          <QueryView query={query} what="the monitors" rows={8}>
            {({ items }) => (items.length === 0 ? <NoMonitors /> : <MonitorTable monitors={items} open={monitor} />)}
          </QueryView>
        </>
      )}
      {monitor !== undefined && (
        <Drawer
          title={open?.name ?? 'Monitor'}
          close={() => show({})}
          actions={
            <Link to="/uptime/$id" params={{ id: monitor }}>
              Open as a page
            </Link>
          }
        >
          <MonitorDetails
            id={monitor}
            doing={doing}
            show={(what, id = monitor) => show(what === undefined ? { monitor: id } : { monitor: id, do: what })}
            removed={() => show({})}
          />
        </Drawer>
      )}
      {isAdmin && monitor === undefined && doing === 'add' && (
        <AddMonitor
          kind={kind}
          chooseKind={(next) => void navigate({ search: { do: 'add', kind: next }, replace: true })}
          close={() => show({})}
          saved={(id) => show({ monitor: id })}
        />
      )}
    </Page>
  );
}

function NoMonitors() {
  return (
    <Empty title="No monitors yet">
      <p>
        Each monitor will be here with its state, 90 days, latency and certificate. Add one here, or write monitors in{' '}
        <code>monitoring/uptime-monitoring.yml</code>; this checks the file:
      </p>
      <Command line="yumops check" />
    </Empty>
  );
}
