import type { ActionPlan, MaintenanceRunDetail, MaintenanceRunItem } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { MaintenanceRunner, type MaintenanceTarget, StoredLedger } from '../../src/care/database/index.ts';
import { maintenanceRoutes } from '../../src/http/maintenance.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import { createLog } from '../../src/lib/log.ts';
import { connectMaintained } from '../../src/store/monitored/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { open, run, until } from './server.ts';
import { settings } from './upkeep.ts';

const BASE = '/api/v1/databases/main/maintenance';

let server: StateServer;
let db: Db;
let url: string;
let app: FastifyInstance;
let runner: MaintenanceRunner;
let ledger: StoredLedger;
let target: (name: string) => MaintenanceTarget;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(() => server.stop());

beforeEach(async () => {
  ({ db } = await server.database());
  ({ url } = await server.database());
  await run(url, 'CREATE TABLE app_t (id int); INSERT INTO app_t SELECT generate_series(1, 3000)');
  ledger = new StoredLedger(db, audit);
  target = (name) => {
    if (name !== 'main') throw new YumOpsError('wrong_use', `There is no database "${name}".`, { status: 404 });
    return { name, settings: settings({ lockTimeout: 30_000 }), connect: () => connectMaintained(name, url) };
  };
  runner = new MaintenanceRunner({ ledger, clock: systemClock, target });
  app = await createHttpServer({ log: createLog(systemClock, () => undefined), version: '0' });
  const guard = () => async (request: { principal?: unknown }) => {
    request.principal = { id: '1', name: 'ada@yumzoom.com', role: 'admin', kind: 'person' };
  };
  maintenanceRoutes(app, {
    ...{ runner, ledger, clock: systemClock, guard: guard as never },
    requireDatabase: (name) => void target(name),
  });
  await app.ready();
});

afterEach(async () => {
  await runner.close();
  await app.close();
});

async function call<Answer>(method: 'GET' | 'POST', path: string, payload?: object): Promise<[number, Answer]> {
  const answer = await app.inject({ method, url: BASE + path, ...(payload && { payload }) });
  return [answer.statusCode, (answer.body === '' ? null : answer.json()) as Answer];
}

const finished = (id: string) =>
  until(async () => (await call<MaintenanceRunDetail>('GET', `/runs/${id}`))[1].status !== 'running');

const audited = async () =>
  (
    await db.query<{ line: string }>(
      "SELECT actor || ' ' || action || ' ' || target AS line FROM audit_log ORDER BY id",
    )
  ).map(({ line }) => line);

test('plans, runs, and keeps every action with its evidence and its row in the audit log', async () => {
  const [, plan] = await call<{ items: ActionPlan[] }>('POST', '/plan', { tasks: ['analyze'] });
  expect(plan.items.map(({ object }) => object)).toContain('public.app_t');
  const [status, { id }] = await call<{ id: string }>('POST', '', { tasks: ['analyze'] });
  expect(status).toBe(202);
  await finished(id);
  const [, detail] = await call<MaintenanceRunDetail>('GET', `/runs/${id}`);
  expect(detail).toMatchObject({ status: 'done', startedBy: 'ada@yumzoom.com', trigger: 'manual', progress: null });
  expect(detail.actions.find(({ object }) => object === 'public.app_t')).toMatchObject({
    ...{ task: 'analyze', status: 'done', before: { rows: null }, after: { rows: 3_000 } },
  });
  const lines = await audited();
  expect([lines[0], lines.at(-1)]).toEqual([
    'ada@yumzoom.com maintenance.start main',
    'ada@yumzoom.com maintenance.finish main',
  ]);
  expect(lines).toContain('ada@yumzoom.com maintenance.analyze main: public.app_t');
  const [, { items }] = await call<{ items: MaintenanceRunItem[] }>('GET', '/runs');
  expect(items).toMatchObject([{ id, status: 'done', failed: 0 }]);
});

test('the kill switch ends what runs and lets none begin; stop ends one run', async () => {
  await run(
    url,
    "CREATE INDEX ix ON app_t (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix'::regclass",
  );
  const holder = await open(url);
  await holder.query('BEGIN; LOCK TABLE app_t IN SHARE UPDATE EXCLUSIVE MODE');
  const [, first] = await call<{ id: string }>('POST', '', { tasks: ['reindex'] });
  await until(async () => (await ledger.progressOf('main'))?.object === 'public.ix');
  expect((await call('POST', ''))[0]).toBe(409);
  const [, live] = await call<MaintenanceRunDetail>('GET', `/runs/${first.id}`);
  expect(live).toMatchObject({ status: 'running', progress: { task: 'reindex', object: 'public.ix' } });
  expect((await call('POST', '/stop'))[0]).toBe(202);
  await finished(first.id);
  const [, second] = await call<{ id: string }>('POST', '', { tasks: ['reindex'] });
  await until(async () => (await ledger.progressOf('main'))?.object === 'public.ix');
  expect((await call('POST', '/pause', { reason: 'the sale begins' }))[0]).toBe(200);
  await finished(second.id);
  const [, ended] = await call<MaintenanceRunDetail>('GET', `/runs/${second.id}`);
  expect(ended).toMatchObject({ status: 'cancelled', error: expect.stringContaining('the sale begins') });
  const [refused, problem] = await call<{ error: { code: string } }>('POST', '');
  expect([refused, problem.error.code]).toEqual([409, 'maintenance_paused']);
  await holder.query('ROLLBACK');
  await holder.end();
  expect((await call('POST', '/resume'))[0]).toBe(204);
  const [, third] = await call<{ id: string }>('POST', '', { tasks: ['reindex'] });
  await finished(third.id);
  expect((await call<MaintenanceRunDetail>('GET', `/runs/${third.id}`))[1].status).toBe('done');
  expect((await call('POST', '/stop'))[0]).toBe(409);
  expect(await audited()).toEqual(
    expect.arrayContaining(['ada@yumzoom.com maintenance.pause main', 'ada@yumzoom.com maintenance.resume main']),
  );
});

test('whoever shares the state store sees where a run is, and may stop it; without a word for long it counts as ended', async () => {
  const start = {
    ...{ id: 'elsewhere', database: 'main', tasks: ['vacuum'] as const },
    ...{ startedBy: 'schedule', trigger: 'schedule' as const, startedAt: systemClock.now() },
  };
  const where = {
    runId: start.id,
    task: 'vacuum',
    object: 'public.big',
    statement: 'VACUUM',
    waitsFor: null,
    done: 1,
    total: 3,
  } as const;
  // A worker that this instance does not run.
  const worker = new StoredLedger(db, audit);
  const get = async () => (await call<MaintenanceRunDetail>('GET', '/runs/elsewhere'))[1];
  await worker.begin(start);
  expect(await get()).toMatchObject({ status: 'running', progress: { task: 'vacuum', object: null, share: 0 } });
  expect(await worker.heard(start, { ...where, share: 0.25 })).toBeNull();
  expect(await get()).toMatchObject({ status: 'running', progress: { object: 'public.big', share: 0.25 } });
  expect((await call('POST', '/stop'))[0]).toBe(202);
  expect(await worker.heard(start, { ...where, share: 0.5 })).toBe('It was stopped by ada@yumzoom.com.');
  expect(await audited()).toContain('ada@yumzoom.com maintenance.stop main');
  // Killed, it is not heard of again.
  await db.query("UPDATE maintenance_runs SET seen_at = now() - interval '31 seconds'");
  expect(await get()).toMatchObject({ status: 'interrupted', progress: null });
  expect((await call('POST', '/stop'))[0]).toBe(409);
});

test.each([
  ['behind', -120_000],
  ['ahead', 120_000],
])('what an instance whose clock is two minutes %s runs is shown and stopped by another one', async (_how, off) => {
  await run(
    url,
    "CREATE INDEX ix ON app_t (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix'::regclass",
  );
  const holder = await open(url);
  await holder.query('BEGIN; LOCK TABLE app_t IN SHARE UPDATE EXCLUSIVE MODE');
  const elsewhere = new MaintenanceRunner({
    ...{ ledger: new StoredLedger(db, audit), target },
    clock: { ...systemClock, now: () => systemClock.now() + off },
  });
  try {
    const { id } = await elsewhere.start({
      ...{ database: 'main', tasks: ['reindex'], approve: false, startedBy: 'schedule', trigger: 'schedule' },
    });
    const get = async () => (await call<MaintenanceRunDetail>('GET', `/runs/${id}`))[1];
    await until(async () => (await get()).progress?.object === 'public.ix');
    const [, { items }] = await call<{ items: MaintenanceRunItem[] }>('GET', '/runs');
    expect(items).toMatchObject([{ id, status: 'running', error: null }]);
    expect((await call('POST', '/stop'))[0]).toBe(202);
    await finished(id);
    expect(await get()).toMatchObject({ status: 'cancelled', error: 'It was stopped by ada@yumzoom.com.' });
  } finally {
    await holder.end();
    await elsewhere.close();
  }
});

test('a run whose runner was killed counts as interrupted once the next begins', async () => {
  const dead = {
    id: 'dead',
    database: 'main',
    tasks: ['reindex'] as const,
    startedBy: 'schedule',
    trigger: 'schedule' as const,
  };
  await ledger.begin({ ...dead, startedAt: systemClock.now() });
  const [, { id }] = await call<{ id: string }>('POST', '', { tasks: ['freeze'] });
  await finished(id);
  expect((await call<MaintenanceRunDetail>('GET', '/runs/dead'))[1]).toMatchObject({
    ...{ status: 'interrupted', error: expect.stringContaining('goes on from there') },
  });
  expect((await call('GET', '/runs/nothing'))[0]).toBe(404);
  expect((await app.inject({ url: '/api/v1/databases/other/maintenance/runs' })).statusCode).toBe(404);
});
