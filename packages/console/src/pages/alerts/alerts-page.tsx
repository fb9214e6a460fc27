import { getRouteApi, Link } from '@tanstack/react-router';
import { AskedSpan } from '../../components/asked-span.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Page } from '../../components/page.tsx';
import { Views } from '../../components/views.tsx';
import { AlertDetails } from './alert-details.tsx';
import { Deliveries } from './deliveries.tsx';
import { History } from './history.tsx';
import { Now } from './now.tsx';
import { Rules } from './rules.tsx';
import { Silences } from './silences.tsx';
import './alerts.css';

const route = getRouteApi('/console/alerts');

const VIEWS = [
  { view: undefined, label: 'Now' },
  { view: 'history', label: 'History' },
  { view: 'rules', label: 'Rules' },
  { view: 'silences', label: 'Silences' },
  { view: 'deliveries', label: 'Deliveries' },
];

/** What fires and why, what did, what would, and who was told. */
export function AlertsPage() {
  const { view, alert } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title="Alerts" note={<Views page="/alerts" views={VIEWS} current={view} />}>
      {(view === 'history' || view === 'deliveries') && <AskedSpan />}
      <View view={view} />
      {alert !== undefined && (
        <Drawer
          title="Alert"
          close={() => void navigate({ search: (old) => ({ ...old, alert: undefined }) })}
          actions={
            <Link to="/alerts/$id" params={{ id: alert }}>
              Open as a page
            </Link>
          }
        >
          <AlertDetails id={alert} />
        </Drawer>
      )}
    </Page>
  );
}

function View({ view }: { view: string | undefined }) {
  switch (view) {
    case 'history':
      return <History />;
    case 'rules':
      return <Rules />;
    case 'silences':
      return <Silences />;
    case 'deliveries':
      return <Deliveries />;
    default:
      return <Now />;
  }
}
