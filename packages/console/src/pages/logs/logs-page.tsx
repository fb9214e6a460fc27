import { getRouteApi } from '@tanstack/react-router';
import { useTitle } from '../../components/page.tsx';
import { Views } from '../../components/views.tsx';
import { PatternsView } from './patterns-view.tsx';
import { SavedViews } from './saved-views.tsx';
import { Search } from './search.tsx';
import { SqlView } from './sql-view.tsx';
import './logs.css';
import './row-detail.css';

const route = getRouteApi('/console/logs');

const VIEWS = [
  { view: undefined, label: 'Search' },
  { view: 'patterns', label: 'Patterns' },
  { view: 'sql', label: 'SQL' },
];

/** Log lines by search, and questions to them in SQL. */
export function LogsPage() {
  useTitle('Logs');
  const { view, sql } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="logs">
      <header className="logs-head">
        <h1>Logs</h1>
        <Views page="/logs" views={VIEWS} current={view} />
        <SavedViews />
      </header>
      {view === 'sql' ? (
        <SqlView sql={sql ?? ''} run={(next) => void navigate({ search: (old) => ({ ...old, sql: next }) })} />
      ) : view === 'patterns' ? (
        <PatternsView />
      ) : (
        <Search />
      )}
    </div>
  );
}
