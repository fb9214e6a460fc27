import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { monitorQuery } from '../../api/queries.ts';
import { Page } from '../../components/page.tsx';
import { MonitorDetails } from './monitor-details.tsx';
import './uptime.css';

const route = getRouteApi('/console/uptime/$id');

/** One monitor on a page of its own. */
export function MonitorPage() {
  const { id } = route.useParams();
  const monitor = useQuery(monitorQuery(id)).data;
  return (
    <Page title={monitor?.name ?? 'Monitor'} actions={<Link to="/uptime">All monitors</Link>}>
      <div className="monitor-page">
        <MonitorDetails id={id} />
      </div>
    </Page>
  );
}
