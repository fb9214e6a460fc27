import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { monitorQuery } from '../../api/queries.ts';
import { AskedSpan, useAskedSpan } from '../../components/asked-span.tsx';
import { Page } from '../../components/page.tsx';
import { AvailabilityBetween } from './availability-between.tsx';
import { MonitorDetails } from './monitor-details.tsx';
import './uptime.css';

const route = getRouteApi('/console/uptime/$id');

/** One monitor on a page of its own. */
export function MonitorPage() {
  const { id } = route.useParams();
  const { do: doing } = route.useSearch();
  const navigate = route.useNavigate();
  const span = useAskedSpan();
  const monitor = useQuery(monitorQuery(id)).data;
  return (
    <Page title={monitor?.name ?? 'Monitor'} actions={<Link to="/uptime">All monitors</Link>}>
      <AskedSpan />
      <div className="monitor-page">
        {span !== null && <AvailabilityBetween span={span} only={id} />}
        <MonitorDetails
          id={id}
          doing={doing}
          show={(what, next = id) =>
            void navigate({ to: '/uptime/$id', params: { id: next }, search: what === undefined ? {} : { do: what } })
          }
          removed={() => void navigate({ to: '/uptime' })}
        />
      </div>
    </Page>
  );
}
