import { afterAll, beforeAll, expect, test } from 'vitest';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { storedBuckets } from '../../src/respond/alerting/state/bucket-query.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { AlertRig, configOf } from '../support/alert-rig.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { asRole, check, open, run, startEmbeddedServer, type TestServer } from './server.ts';

/** The rule of the guide, and one on findings. */
const RULES = `
alert_rules:
  - name: "Database Connection Pool Exhaustion"
    condition: "db_connection_usage > 90%"
    time_window: "2 minutes"
    severity: "critical"
    notifications: [{slack: "#alerts"}, {email: ["dba@yumzoom.com"]}]
  - name: Slot
    condition: "db_findings{code=inactive_slot} > 0"
    time_window: 2 minutes
    severity: warning
    notifications: [{slack: "#db"}]
  - name: Not seen
    condition: "db_findings{code=probe_failed} > 0"
    time_window: 2 minutes
    severity: critical
    notifications: [{slack: "#unseen"}]
`;

let server: TestServer;
let store: TelemetryServer;

beforeAll(async () => {
  [server, store] = await Promise.all([startEmbeddedServer(15), startTelemetryServer()]);
});

afterAll(() => Promise.all([server?.stop(), store?.stop()]));

/** Samples of a database from `start` on, every 15 s by its own clock, written to the store as the platform does. */
async function sampling(url: string, start: number) {
  const clock = new FakeClock(start);
  const written: TelemetryRow[] = [];
  const writer = {
    async append(relation: string, rows: readonly TelemetryRow[]) {
      if (relation === 'metrics') written.push(...rows);
    },
  };
  const sampler = new DatabaseSampler({ name: 'main', service: 'app', writer, clock, past: async () => [] });
  const db = await connectMonitored('main', url);
  return {
    sampler,
    async samples(count: number, each: () => Promise<unknown> = () => sampler.sampleConnections(db)) {
      for (let sample = 0; sample < count; sample++) {
        await clock.advance(15_000);
        await each();
      }
    },
    async end() {
      await db.close();
      await store.insert('metric_rows', written);
    },
  };
}

async function told(start: number, seconds: number): Promise<string[]> {
  const rig = new AlertRig(configOf(RULES), { clock: new FakeClock(start), buckets: storedBuckets(store.telemetry) });
  await rig.until(seconds);
  return rig.receivers.received.map(({ kind, channel, rule }) => `${kind} ${channel} ${rule}`);
}

test('connections that run out page by the rule of the guide, and are told of when they are free again', async () => {
  const url = await server.createDatabase('pool');
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 7_200_000;
  const { samples, end } = await sampling(url, start);
  await samples(8);
  const clients = await Promise.all(Array.from({ length: 21 }, () => open(url)));
  await samples(16);
  await Promise.all(clients.map((client) => client.end()));
  await samples(24);
  await end();
  const rule = 'Database Connection Pool Exhaustion';
  expect(await told(start, 720)).toEqual([
    `firing slack ${rule}`,
    `firing email ${rule}`,
    `resolved slack ${rule}`,
    `resolved email ${rule}`,
  ]);
});

test('a server that has no connection left for us either is a sample of a hundred percent', async () => {
  const url = await server.createDatabase('refused');
  await run(url, "CREATE ROLE watcher LOGIN PASSWORD 'pw'");
  const clients = await Promise.all(Array.from({ length: 22 }, () => open(url)));
  const refusal = await connectMonitored('main', asRole(url, 'watcher', 'pw')).catch((error: unknown) => error);
  await Promise.all(clients.map((client) => client.end()));
  expect(refusal).toMatchObject({ code: 'too_many_connections' });
});

test('findings are counted by code for rules; what cannot be seen alerts too', async () => {
  const url = await server.createDatabase('counted');
  await run(url, 'CREATE EXTENSION pg_stat_statements', "SELECT pg_create_physical_replication_slot('lazy', true)");
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
  const { samples, sampler, end } = await sampling(url, start);
  const before = await check(url);
  await samples(16, () => sampler.writeFindings(before));
  await run(url, "SELECT pg_drop_replication_slot('lazy')", 'DROP EXTENSION pg_stat_statements');
  const after = await check(url);
  await samples(16, () => sampler.writeFindings(after));
  await end();
  expect(await told(start, 480)).toEqual(['firing slack Slot', 'resolved slack Slot', 'firing slack Not seen']);
});
