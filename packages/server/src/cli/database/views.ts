import type {
  Connections,
  DatabaseFindings,
  DatabaseItem,
  IndexStatus,
  Page,
  ServerLoad,
  StatementLoad,
  TableStatus,
} from '@yumops/protocol';
import {
  asFinding,
  checkDatabase,
  type DatabaseConfig,
  type DatabaseFinding,
  type LockRow,
  readConnections,
  readIndexes,
  readLocks,
  readStatements,
  readTables,
  type StatementRow,
  UNKNOWN_GROWTH,
  unreachable,
} from '../../care/database/index.ts';
import { readSettings, type Settings } from '../../config/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { readDatabaseReport } from '../../main/database-report.ts';
import { readRunFile } from '../../main/run-file.ts';
import { type Client, withClient } from '../client.ts';
import { chooseNamed, type DatabaseArgs, databasesOf, withDatabase } from './open.ts';

/** A database as commands look at it: by themselves, or through the running platform. */
export interface DatabaseView {
  name: string;
  /** @param show told what is being done */
  check(show: (line: string) => void): Promise<readonly DatabaseFinding[]>;
  statements(limit: number): Promise<StatementRow[]>;
  locks(): Promise<LockRow[]>;
  tables(limit: number): Promise<TableStatus[]>;
  indexes(limit: number): Promise<IndexStatus[]>;
  connections(): Promise<Omit<Connections, 'points'>>;
  /** What the platform remembers of the last `ms` milliseconds. @throws YumOpsError `no_history` without a platform */
  server(ms: number): Promise<ServerLoad>;
  loads(ms: number, limit: number): Promise<StatementRow[]>;
}

/** Connects by itself, with the address of the configuration. */
function ownView(database: DatabaseConfig, { dataDir }: Settings): DatabaseView {
  const { name, profile } = database;
  return {
    name,
    async check(show) {
      const watched = await readDatabaseReport(dataDir, name, systemClock.now());
      const onProbe = (probe: string, done: number, total: number) =>
        show(`${name}: ${probe} (${done + 1} of ${total})`);
      show(`${name}: connecting`);
      try {
        return await withDatabase(database, (db) => checkDatabase(database, db, { onProbe, watched }));
      } catch (error) {
        return [asFinding(name, unreachable(name, error))];
      }
    },
    statements: (limit) => withDatabase(database, (db) => readStatements(db, limit)),
    locks: () => withDatabase(database, readLocks),
    tables: async (limit) => unknownGrowth(await withDatabase(database, (db) => readTables(db, profile, limit))),
    indexes: async (limit) => unknownGrowth(await withDatabase(database, (db) => readIndexes(db, profile, limit))),
    connections: () => withDatabase(database, readConnections),
    server: () => noHistory(name),
    loads: () => noHistory(name),
  };
}

/** How something grows is known to nobody but the platform that watches. */
function unknownGrowth<Row>(rows: readonly Row[]): (Row & typeof UNKNOWN_GROWTH)[] {
  return rows.map((row) => ({ ...row, ...UNKNOWN_GROWTH }));
}

async function noHistory(name: string): Promise<never> {
  throw new YumOpsError('no_history', `What the database "${name}" did before now is known to the platform alone.`, {
    hint: 'Start it with `yumops start`, and leave out --config, so that it is asked.',
    status: 409,
  });
}

function since(ms: number): { from: string; to: string } {
  const to = systemClock.now();
  return { from: String(to - ms), to: String(to) };
}

/** Has the running platform look. */
function platformView(client: Client, name: string): DatabaseView {
  const path = `/api/v1/databases/${encodeURIComponent(name)}`;
  const list = async <Row>(what: string, limit: number) =>
    (await client.get<Page<Row>>(`${path}/${what}`, { limit: String(limit) })).items as Row[];
  return {
    name,
    async check(show) {
      show(`${name}: the running platform is looking`);
      return (await client.post<DatabaseFindings>(`${path}/check`)).items as readonly DatabaseFinding[];
    },
    statements: (limit) => list('statements', limit),
    locks: () => list('locks', 1_000),
    tables: (limit) => list('tables', limit),
    indexes: (limit) => list('indexes', limit),
    connections: () => client.get<Connections>(`${path}/connections`),
    server: (ms) => client.get<ServerLoad>(`${path}/server`, since(ms)),
    async loads(ms, limit) {
      const { items } = await client.get<Page<StatementLoad>>(`${path}/queries`, {
        ...since(ms),
        limit: String(limit),
      });
      return items.map(({ totalMs: total, meanMs: mean, p95Ms: p95, ...rest }) => ({ ...rest, total, mean, p95 }));
    },
  };
}

/**
 * The databases that a command is about: those of the configuration that is named, else those of the running platform of
 * the data folder, else those of the configuration of the working folder.
 * @throws YumOpsError `wrong_use` when there is none of that name, or none at all
 */
export async function withViews<Result>(
  args: DatabaseArgs,
  work: (views: readonly DatabaseView[], settings: Settings) => Promise<Result>,
): Promise<Result> {
  const settings = readSettings(args);
  if (settings.config !== undefined || !(await readRunFile(settings.dataDir))) {
    const chosen = chooseNamed(databasesOf(settings), args.name);
    return work(
      chosen.map((database) => ownView(database, settings)),
      settings,
    );
  }
  return withClient(settings, async (client) => {
    const { items } = await client.get<Page<DatabaseItem>>('/api/v1/databases');
    const chosen = chooseNamed(items, args.name);
    return work(
      chosen.map(({ name }) => platformView(client, name)),
      settings,
    );
  });
}

/** Reads something from each database; every row says from which. The rows of one follow those of another. */
export async function fromEach<Row>(
  views: readonly DatabaseView[],
  read: (view: DatabaseView) => Promise<Row[]>,
): Promise<(Row & { database: string })[]> {
  const rows: (Row & { database: string })[] = [];
  for (const view of views) for (const row of await read(view)) rows.push({ ...row, database: view.name });
  return rows;
}
