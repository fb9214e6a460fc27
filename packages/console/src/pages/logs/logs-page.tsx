import { getRouteApi } from '@tanstack/react-router';
import { useTitle } from '../../components/page.tsx';
import { Views } from '../../components/views.tsx';
import { Search } from './search.tsx';
import { SqlView } from './sql-view.tsx';
import './logs.css';
import './row-detail.css';

const route = getRouteApi('/console/logs');

const VIEWS = [
  { view: undefined, label: 'Search' },
  { view: 'sql', label: 'SQL and analyses' },
];

/** Log lines by search, and questions to them in SQL. */
export function LogsPage() {
  useTitle('Logs');
  const { view, sql } = route.useSearch();
  const navigate = route.useNavigate();
  const isSql = view === 'sql';
  return (
    <div className="logs">
      <header className="logs-head">
        <h1>Logs</h1>
        <Views page="/logs" views={VIEWS} current={view} />
      </header>
      {isSql ? (
        <SqlView sql={sql ?? ''} run={(next) => void navigate({ search: (old) => ({ ...old, sql: next }) })} />
      ) : (
        <Search />
      )}
    </div>
  );
}
