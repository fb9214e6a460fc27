import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { monitorsQuery } from '../../api/queries.ts';
import { Command } from '../../components/command.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { MonitorDetails } from './monitor-details.tsx';
import { MonitorTable } from './monitor-table.tsx';
import './uptime.css';

const route = getRouteApi('/console/uptime');

/** Every monitor, the worst state first. */
export function UptimePage() {
  const query = useQuery({ ...monitorsQuery, refetchInterval: useLiveInterval() });
  const { monitor } = route.useSearch();
  const navigate = route.useNavigate();
  const open = query.data?.items.find(({ id }) => id === monitor);
  return (
    <Page title="Uptime" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      <QueryView query={query} what="the monitors" rows={8}>
        {({ items }) => (items.length === 0 ? <NoMonitors /> : <MonitorTable monitors={items} open={monitor} />)}
      </QueryView>
      {monitor !== undefined && (
        <Drawer
          title={open?.name ?? 'Monitor'}
          close={() => void navigate({ search: {} })}
          actions={
            <Link to="/uptime/$id" params={{ id: monitor }}>
              Open as a page
            </Link>
          }
        >
          <MonitorDetails id={monitor} />
        </Drawer>
      )}
    </Page>
  );
}

function NoMonitors() {
  return (
    <Empty title="No monitors yet">
      <p>
        Each monitor will be here with its state, 90 days, latency and certificate. Write monitors in{' '}
        <code>monitoring/uptime-monitoring.yml</code>; this checks the file:
      </p>
      <Command line="yumops check" />
    </Empty>
  );
}
