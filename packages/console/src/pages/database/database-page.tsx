import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { DatabaseItem } from '@yumops/protocol';
import { Choice } from '../../components/choice.tsx';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Views } from '../../components/views.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { Activity } from './activity.tsx';
import { Changes } from './changes.tsx';
import { Connections } from './connections.tsx';
import { databasesQuery } from './database-queries.ts';
import { Findings } from './findings.tsx';
import { Indexes } from './indexes.tsx';
import { Maintenance } from './maintenance.tsx';
import { Queries } from './queries.tsx';
import { Server } from './server.tsx';
import { Tables } from './tables.tsx';
import { Waits } from './waits.tsx';
import './database.css';

const route = getRouteApi('/console/database');

const VIEWS = [
  { view: undefined, label: 'Findings' },
  { view: 'queries', label: 'Queries' },
  { view: 'waits', label: 'Waits' },
  { view: 'activity', label: 'Activity' },
  { view: 'connections', label: 'Connections' },
  { view: 'server', label: 'Server' },
  { view: 'tables', label: 'Tables' },
  { view: 'indexes', label: 'Indexes' },
  { view: 'changes', label: 'Changes' },
  { view: 'maintenance', label: 'Maintenance' },
];

/** A database of the app: what is wrong with the fix, what it does, and its upkeep. */
export function DatabasePage() {
  const query = useQuery({ ...databasesQuery, refetchInterval: useLiveInterval() });
  const { view, db } = route.useSearch();
  return (
    <Page title="Database" note={<Views page="/database" views={VIEWS} current={view} />}>
      <QueryView query={query} what="the databases" rows={6}>
        {({ items }) => {
          const database = items.find(({ name }) => name === db) ?? items[0];
          if (!database) return <NoDatabase />;
          return (
            <div className="database">
              <Chooser databases={items} current={database.name} />
              <View view={view} database={database} />
            </div>
          );
        }}
      </QueryView>
    </Page>
  );
}

function Chooser({ databases, current }: { databases: readonly DatabaseItem[]; current: string }) {
  const navigate = route.useNavigate();
  if (databases.length < 2) return null;
  const choose = (db: string) => void navigate({ search: ({ view }) => ({ view, db }) });
  const options = databases.map(({ name }) => ({ value: name, label: name }));
  return <Choice label="Database" value={current} options={options} onChange={choose} />;
}

function View({ view, database }: { view: string | undefined; database: DatabaseItem }) {
  const { name } = database;
  switch (view) {
    case 'queries':
      return <Queries database={name} />;
    case 'waits':
      return <Waits database={name} />;
    case 'changes':
      return <Changes database={name} />;
    case 'activity':
      return <Activity database={name} />;
    case 'connections':
      return <Connections database={name} />;
    case 'server':
      return <Server database={name} />;
    case 'tables':
      return <Tables database={name} />;
    case 'indexes':
      return <Indexes database={name} />;
    case 'maintenance':
      return <Maintenance database={database} />;
    default:
      return <Findings database={database} />;
  }
}

function NoDatabase() {
  return (
    <Empty title="No database is watched">
      <p>Findings, statements, sessions and maintenance will be here. Name a database in yumops.yml:</p>
      <Command line={`databases: [{name: main, url: "\${DATABASE_URL}"}]`} what="lines" />
      <p>Then let it make a role that may only watch:</p>
      <Command line="npx yumops db install" />
    </Empty>
  );
}
