import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { open, run, startEmbeddedServer, type TestServer, until } from './server.ts';

const labelsOf = (row: TelemetryRow) => row.attributes as Record<string, string>;

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
    const look = async () => {
      await clock.advance(30_000);
      return sampler.sampleServer(db);
    };
    return { url, written, next, server: look, close: () => db.close() };
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

  test('writes how much log and files the server wrote and read, and why checkpoints came', async () => {
    const { url, written, next, server, close } = await sampling('activity');
    const client = await open(url);
    const position = async () => {
      const { rows } = await client.query("SELECT (pg_current_wal_lsn() - '0/0')::float8 AS bytes");
      return rows[0].bytes as number;
    };
    const sum = (name: string, label: Record<string, string> = {}) =>
      written
        .filter((row) => row.name === name && Object.entries(label).every(([k, v]) => labelsOf(row)[k] === v))
        .reduce((total, row) => total + (row.value as number), 0);
    await next();
    await server();
    expect(sum('db_wal_rate')).toBe(0);
    const start = await position();
    await run(
      url,
      'CREATE TABLE t AS SELECT repeat(i::text, 50) AS text FROM generate_series(1, 50000) i',
      'CHECKPOINT',
    );
    const grown = (await position()) - start;
    // The session that wrote tells what it counted when it ends.
    await until(async () => {
      expect(await server()).toEqual([]);
      return (
        sum('db_wal_rate') * 30 >= grown * 0.95 &&
        sum('db_io_rate', { operation: 'write' }) * 30 > 8_000_000 &&
        sum('db_checkpoints', { kind: 'requested' }) >= 1
      );
    });
    expect(sum('db_wal_rate') * 30).toBeLessThan(grown * 3);
    await client.query("SELECT pg_stat_reset_shared('wal')");
    const rates = () => written.filter(({ name }) => name === 'db_wal_rate').length;
    const count = rates();
    await server();
    expect(rates()).toBe(count);
    await client.end();
    await close();
  });
});
