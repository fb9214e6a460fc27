import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { alertQuery } from '../../api/queries.ts';
import { Page } from '../../components/page.tsx';
import { AlertDetails } from './alert-details.tsx';
import './alerts.css';

const route = getRouteApi('/console/alerts/$id');

/** One alert on a page of its own. */
export function AlertPage() {
  const { id } = route.useParams();
  const alert = useQuery(alertQuery(id)).data;
  return (
    <Page title={alert?.rule ?? 'Alert'} actions={<Link to="/alerts">All alerts</Link>}>
      <AlertDetails id={id} />
    </Page>
  );
}
