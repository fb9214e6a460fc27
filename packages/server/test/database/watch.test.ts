import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { open, run, startEmbeddedServer, type TestServer } from './server.ts';

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
  });

  afterAll(() => server?.stop());

  /** A sampler, what it wrote, and its next sample 30 s later. */
  async function sampling(name: string) {
    const url = await server.createDatabase(name);
    await run(url, 'CREATE EXTENSION pg_stat_statements');
    const clock = new FakeClock();
    const written: (TelemetryRow & { relation: string })[] = [];
    const writer = {
      async append(relation: string, rows: readonly TelemetryRow[]) {
        written.push(...rows.map((row) => ({ ...row, relation })));
      },
    };
    const sampler = new DatabaseSampler({ name: 'main', service: 'app', writer, clock, past: async () => [] });
    const db = await connectMonitored('main', url);
    const next = async () => {
      await clock.advance(30_000);
      await sampler.sampleConnections(db);
      return sampler.sampleStatements(db);
    };
    return { url, written, next, close: () => db.close() };
  }

  test('writes the use of connections, and what each statement did between two samples', async () => {
    const { url, written, next, close } = await sampling('samples');
    const clients = await Promise.all(Array.from({ length: 10 }, () => open(url)));
    await clients[0]?.query("SELECT 'hidden' AS before, 1 AS one");
    await next();
    expect(written).toMatchObject([
      {
        relation: 'metrics',
        name: 'db_connection_usage',
        value: 50,
        unit: 'percent',
        attributes: { database: 'main' },
      },
    ]);
    for (let time = 0; time < 4; time++) await clients[0]?.query(`SELECT 'secret${time}' AS after`);
    await next();
    const samples = written.filter(({ relation }) => relation === 'database_samples');
    expect(samples).toMatchObject([
      { database: 'main', query: 'SELECT $1 AS after', calls: 4, rows: 4, service: 'app' },
    ]);
    await clients[0]?.query('SELECT pg_stat_statements_reset()');
    await clients[0]?.query("SELECT 'again' AS after");
    await next();
    expect(written.filter(({ query }) => query === 'SELECT $1 AS after').map(({ calls }) => calls)).toEqual([4, 1]);
    await Promise.all(clients.map((client) => client.end()));
    await close();
  });
});
