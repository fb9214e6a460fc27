import { getRouteApi, Link } from '@tanstack/react-router';
import { useTitle } from '../../components/page.tsx';
import { Search } from './search.tsx';
import { SqlView } from './sql-view.tsx';
import './logs.css';
import './row-detail.css';

const route = getRouteApi('/console/logs');

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
        <nav className="views" aria-label="Ways to look">
          <Link
            from="/logs"
            to="."
            search={(old) => ({ ...old, view: undefined })}
            aria-current={isSql ? undefined : 'page'}
          >
            Search
          </Link>
          <Link
            from="/logs"
            to="."
            search={(old) => ({ ...old, view: 'sql' })}
            aria-current={isSql ? 'page' : undefined}
          >
            SQL and analyses
          </Link>
        </nav>
      </header>
      {isSql ? (
        <SqlView sql={sql ?? ''} run={(next) => void navigate({ search: (old) => ({ ...old, sql: next }) })} />
      ) : (
        <Search />
      )}
    </div>
  );
}
