import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '../../src/care/database/changes/catalogue.ts';
import type { Remark } from '../../src/care/database/finding.ts';
import type { SizePoint } from '../../src/care/database/monitor/disk-forecast.ts';
import { readDiskSpace } from '../../src/care/database/monitor/disk-space.ts';
import { DatabaseWatch } from '../../src/care/database/monitor/watch.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { check, run, startEmbeddedServer, type TestServer, until } from './server.ts';

const HOUR = 3_600_000;
const GB = 1_024 ** 3;

const servers: TestServer[] = [];

beforeAll(async () => {
  servers.push(await startEmbeddedServer(15), await startEmbeddedServer(18));
});

afterAll(() => Promise.all(servers.map((server) => server.stop())));

/** Watches a database for a while by a clock of its own, as the platform does. */
async function watch(url: string, capacity: number, sizes: readonly SizePoint[], corrupt: readonly Remark[] = []) {
  const clock = new FakeClock();
  const written = new Set<string>();
  const catalogues: Catalogue[] = [];
  const watching = new DatabaseWatch({
    ...{ service: 'app', clock, log: createLog(clock, () => undefined), connect: connectMonitored },
    writer: {
      async append(relation: string, rows: readonly TelemetryRow[]) {
        for (const row of rows) written.add(`${relation} ${row.name ?? ''}`.trim());
      },
    },
    report: async () => undefined,
    catalogue: async (_name, catalogue) => void catalogues.push(catalogue),
    corrupt: async () => corrupt,
    sizes: async () => [...sizes],
    past: async () => [],
    lately: async () => [],
    activity: async () => undefined,
  });
  watching.start([
    {
      ...{ name: 'main', url: new Secret(url), broken: null, profile: 'plain', exclude: [], capacity },
      thresholds: DEFAULT_THRESHOLDS,
    },
  ]);
  const tick = async () => {
    await clock.advance(5_000);
    return watching.latest('main') !== undefined;
  };
  await until(tick);
  return { watching, written, catalogues, tick };
}

test.each([0, 1])('what is foretold and what upkeep found is told with the rest (server %i)', async (place) => {
  const server = servers[place] as TestServer;
  const url = await server.createDatabase('watched');
  await run(url, 'CREATE EXTENSION pg_stat_statements');
  const db = await connectMonitored('main', url);
  const { used } = await readDiskSpace(db, null);
  await db.close();
  // A gigabyte a day, and three gigabytes are left.
  const sizes = Array.from({ length: 72 }, (_, hour) => ({ at: hour * HOUR, bytes: used - GB * (3 - hour / 24) }));
  const corrupt: Remark = {
    ...{ code: 'corrupt_index', severity: 'critical', object: 'public.ix', message: 'It is damaged.' },
    fix: 'REINDEX INDEX CONCURRENTLY public.ix;',
  };
  const { watching, written, catalogues, tick } = await watch(url, used + 3 * GB, sizes, [corrupt]);
  expect(watching.latest('main')?.findings).toMatchObject([
    { code: 'corrupt_index', object: 'public.ix' },
    { code: 'disk_forecast', severity: 'critical', message: expect.stringMatching(/^The disk is full in [23] days/) },
  ]);
  expect(watching.remembered('main').map(({ code }) => code)).toEqual(['disk_forecast', 'corrupt_index']);
  expect(catalogues[0]?.parts).toEqual(['schema', 'extensions', 'roles', 'settings']);
  await run(url, watching.latest('main')?.findings[1]?.fix as string);
  await until(async () => {
    await tick();
    return written.has('metrics db_findings') && written.has('metrics db_connection_usage');
  });
  await watching.stop();
});

test('a disk that is nearly full is found at the first look', async () => {
  for (const server of servers) {
    const url = await server.createDatabase('full_disk');
    await run(url, 'CREATE EXTENSION pg_stat_statements');
    const db = await connectMonitored('main', url);
    const { used } = await readDiskSpace(db, null);
    await db.close();
    const findings = await check(url, {}, { capacity: used * 1.01 });
    expect(findings).toMatchObject([{ code: 'disk_forecast', severity: 'critical', object: 'disk' }]);
    await run(url, findings[0]?.fix as string);
  }
});

test('a database that goes away is unknown, and is watched again when it is back', async () => {
  const server = servers[0] as TestServer;
  const url = await server.createDatabase('away');
  await run(url, 'CREATE EXTENSION pg_stat_statements');
  const { watching, tick } = await watch(url, 1_000 * GB, []);
  expect(watching.latest('main')?.findings).toEqual([]);
  const admin = new URL(url);
  admin.pathname = '/postgres';
  await run(
    admin.href,
    'ALTER DATABASE away ALLOW_CONNECTIONS false',
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'",
  );
  await until(async () => (await tick()) && watching.latest('main')?.findings[0]?.code === 'probe_failed');
  await run(admin.href, 'ALTER DATABASE away ALLOW_CONNECTIONS true');
  await until(async () => (await tick()) && watching.latest('main')?.findings.length === 0);
  await watching.stop();
});
