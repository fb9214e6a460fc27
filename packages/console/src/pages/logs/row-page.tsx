import { getRouteApi, Link } from '@tanstack/react-router';
import { Page } from '../../components/page.tsx';
import { RowDetail } from './row-detail.tsx';
import './row-detail.css';

const route = getRouteApi('/console/logs/$id');

/** One log line on a page of its own. */
export function RowPage() {
  const { id } = route.useParams();
  const navigate = route.useNavigate();
  return (
    <Page title="Log line" actions={<Link to="/logs">All logs</Link>}>
      <div className="row-page">
        <RowDetail id={id} addTerm={(term) => void navigate({ to: '/logs', search: { q: term } })} />
      </div>
    </Page>
  );
}
