import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { type DatabaseConfig, DatabaseWatch, MaintenanceRunner, StoredLedger } from '../../src/care/database/index.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { databaseRoutes } from '../../src/http/databases.ts';
import { maintenanceRoutes } from '../../src/http/maintenance.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { TelemetryStore } from '../../src/lib/telemetry.ts';
import { connectMaintained, connectMonitored } from '../../src/store/monitored/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { run } from './server.ts';
import { settings } from './upkeep.ts';

// Each command is a process of its own, and there are many.
vi.setConfig({ testTimeout: 180_000 });

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

let server: StateServer;
let app: FastifyInstance;
let runner: MaintenanceRunner;
let folder: string;

/** The platform's routes about databases, and the file that tells commands where it runs. */
beforeAll(async () => {
  server = await startStateServer();
  const [{ db }, { url }] = [await server.database(), await server.database()];
  await run(
    url,
    'CREATE EXTENSION pg_stat_statements; CREATE TABLE t (id serial PRIMARY KEY)',
    "SELECT setval('t_id_seq', 2140000000)",
  );
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-through-'));
  const config = (name: string, address: string): DatabaseConfig => ({
    ...{ name, url: new Secret(address), broken: null, profile: 'plain', exclude: [], capacity: null },
    thresholds: DEFAULT_THRESHOLDS,
  });
  const databases = [config('shop', url), config('gone', url.replace(/:\d+\//, ':1/'))];
  const log = createLog(systemClock, () => undefined);
  const ledger = new StoredLedger(db, audit);
  const connect = () => connectMaintained('shop', url);
  runner = new MaintenanceRunner({
    ...{ ledger, clock: systemClock },
    target: (name) => ({ name, settings: settings({ lockTimeout: 10_000 }), connect }),
  });
  const watch = new DatabaseWatch({
    ...{
      service: 'app',
      clock: systemClock,
      log,
      connect: connectMonitored,
      writer: { append: async () => undefined },
    },
    ...{
      report: async () => undefined,
      catalogue: async () => undefined,
      corrupt: async () => [],
      sizes: async () => [],
      past: async () => [],
      lately: async () => [],
      activity: async () => undefined,
    },
  });
  // What is kept over time has tests of its own, with a real store.
  const nothingStored: Pick<TelemetryStore, 'query'> = { query: async () => [] };
  app = await createHttpServer({ log, version: '0' });
  const guard = () => async (request: { principal?: unknown }) => {
    request.principal = { id: '1', name: 'command line', role: 'admin', kind: 'token' };
  };
  databaseRoutes(app, {
    ...{ guard: guard as never, clock: systemClock, db, telemetry: nothingStored as TelemetryStore, watch, audit },
    latest: (name) => watch.latest(name),
    databases: () => databases,
    async withDatabase({ name, url: address }, _role, work) {
      const connection = await connectMonitored(name, address.reveal());
      return work(connection).finally(() => connection.close());
    },
    maintenanceStatus: async (name) => ({
      ...{ pause: null, progress: null },
      schedule: name === 'shop' ? { pattern: '0 2 * * *', timeZone: 'UTC' } : null,
    }),
  });
  maintenanceRoutes(app, {
    runner,
    ledger,
    clock: systemClock,
    guard: guard as never,
    requireDatabase: () => undefined,
  });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  await writeFile(join(folder, 'run.json'), JSON.stringify({ pid: process.pid, url: address, token: 'token' }));
});

afterAll(async () => {
  await runner?.close();
  await app?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command where no configuration is, beside a platform that runs. */
async function yumops(...args: string[]) {
  return new Promise<{ code: number; answer: Record<string, never> }>((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, YUMOPS_DATA: folder } };
    execFile(process.execPath, [BIN, ...args, '--json'], options, (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, answer: JSON.parse(stdout) }),
    );
  });
}

test('commands without a configuration look at what the running platform watches', async () => {
  const found = await yumops('db', 'check', 'shop');
  expect(found.code).toBe(1);
  expect(found.answer.findings).toContainEqual(
    expect.objectContaining({ database: 'shop', code: 'sequence', object: 'public.t_id_seq' }),
  );
  expect((await yumops('db', 'check', 'gone')).answer.findings).toMatchObject([
    { code: 'probe_failed', severity: 'unknown', object: 'database gone' },
  ]);
  for (const [list, key] of [
    ['queries', 'queries'],
    ['locks', 'sessions'],
    ['tables', 'tables'],
    ['indexes', 'indexes'],
    ['connections', 'databases'],
    ['server', 'databases'],
  ] as const) {
    const { code, answer } = await yumops('db', list, 'shop');
    expect(code, list).toBe(0);
    expect(answer[key], list).toEqual(expect.any(Array));
  }
  expect((await yumops('db', 'check', 'other')).code).toBe(2);
});

test('upkeep is planned and done by the running platform, on the database that it maintains', async () => {
  const { answer } = await yumops('maintain', '--dry-run');
  expect(answer.actions).toEqual(
    expect.arrayContaining([expect.objectContaining({ task: 'analyze', object: 'public.t' })]),
  );
  const { code, answer: done } = await yumops('maintain', 'analyze');
  expect(done).toMatchObject({ database: 'shop', status: 'done' });
  expect(done.actions).toContainEqual(expect.objectContaining({ object: 'public.t', status: 'done' }));
  expect(code).toBe(0);
});
