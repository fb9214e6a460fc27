import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type CheckedDatabase, checkDatabase } from '../../src/care/database/check-database.ts';
import type { DatabaseFinding } from '../../src/care/database/finding.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../src/care/database/thresholds.ts';
import { startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { discard, seedCluster } from '../support/engine-templates.mjs';

/** A server that may lose everything, and that leaves upkeep to nobody but the test. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  wal_level: 'logical',
  max_connections: 25,
  max_prepared_transactions: 2,
  summarize_wal: 'off',
};

/** A Postgres server of a test file. */
export interface TestServer {
  /** Makes an empty database, or a copy of another one, and gives its address. */
  createDatabase(name: string, template?: string): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a server of this major version in a folder that `stop` removes.
 * @param own settings on top of those of every test server
 */
export async function startEmbeddedServer(
  major: 15 | 18,
  own: Readonly<Record<string, string | number>> = {},
): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), `yumops-test-postgres-${major}-`));
  await seedCluster(dataDir, major);
  const { summarize_wal, ...common } = SETTINGS;
  const engine = await startEmbeddedPostgres({
    dataDir,
    major,
    settings: { ...common, ...(major >= 17 ? { summarize_wal } : {}), ...own },
    clock: systemClock,
    log: createLog(systemClock, () => undefined),
  });
  return {
    async createDatabase(name, template = 'template1') {
      await run(engine.url, `CREATE DATABASE "${name}" TEMPLATE "${template}"`);
      const url = new URL(engine.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      await engine.stop();
      await discard(dataDir);
    },
  };
}

/** Runs statements on a connection of their own, each in autocommit. */
export async function run(url: string, ...statements: string[]): Promise<void> {
  const client = await open(url);
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Opens a session that the test holds. */
export async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'app' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** What the check says about a database. */
export async function check(
  url: string,
  thresholds: Partial<Thresholds> = {},
  { profile = 'plain', capacity = null }: Partial<Pick<CheckedDatabase, 'profile' | 'capacity'>> = {},
): Promise<DatabaseFinding[]> {
  const db = await connectMonitored('main', url);
  const database: CheckedDatabase = {
    ...{ name: 'main', profile, exclude: [], capacity },
    thresholds: { ...DEFAULT_THRESHOLDS, ...thresholds },
  };
  try {
    return await checkDatabase(database, db);
  } finally {
    await db.close();
  }
}

/** The same database as another role. */
export function asRole(url: string, role: string, password: string): string {
  const other = new URL(url);
  other.username = role;
  other.password = password;
  return other.href;
}

/** Waits until a condition holds. @throws after 25 seconds */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 25_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
