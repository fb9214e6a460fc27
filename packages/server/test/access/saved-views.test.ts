import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createIngestKey, ingestKeyFinder } from '../../src/access/ingest-keys.ts';
import type { Guard, Role } from '../../src/http/access.ts';
import { installErrorHandler } from '../../src/http/error-handler.ts';
import { requireOrigin } from '../../src/http/ingest-key.ts';
import { viewRoutes } from '../../src/http/views.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startTestState, type TestState } from '../engines.ts';
import { silentLog } from '../ingest.ts';

let state: TestState;
let who: { name: string; role: Role } = { name: 'ada', role: 'viewer' };
const app = Fastify();

const guard: Guard = () => async (request) => {
  request.principal = { id: who.name, name: who.name, role: who.role, kind: 'person' };
};

beforeAll(async () => {
  state = await startTestState();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  installErrorHandler(app, silentLog);
  viewRoutes(app, { db: state.db, guard, clock: systemClock });
});

afterAll(async () => {
  await app.close();
  await state?.stop();
});

const as = (name: string, role: Role = 'viewer') => {
  who = { name, role };
};
const list = async () =>
  (await app.inject({ url: '/api/v1/views?page=logs' })).json<{ items: { id: string; name: string }[] }>().items;
const save = (payload: object) => app.inject({ method: 'POST', url: '/api/v1/views', payload });
const remove = async (id: string) => (await app.inject({ method: 'DELETE', url: `/api/v1/views/${id}` })).statusCode;

it('keeps views for oneself or for everybody, each name once', async () => {
  as('ada');
  expect((await save({ page: 'logs', name: 'Mine', search: 'q=level:error' })).statusCode).toBe(201);
  await save({ page: 'logs', name: 'Ours', search: 'q=a', shared: true });
  await save({ page: 'logs', name: 'Mine', search: 'q=level:fatal' });
  expect(await list()).toMatchObject([
    { name: 'Mine', search: 'q=level:fatal', shared: false, mine: true },
    { name: 'Ours', shared: true, mine: true },
  ]);
  as('bo');
  const seen = await list();
  expect(seen).toMatchObject([{ name: 'Ours', owner: 'ada', mine: false }]);
  expect(await remove(seen[0]?.id ?? '')).toBe(404);
  as('root', 'admin');
  expect(await remove(seen[0]?.id ?? '')).toBe(204);
  expect(await list()).toEqual([]);
  as('ada');
  expect((await list()).map(({ name }) => name)).toEqual(['Mine']);
  const audited = await state.db.query("SELECT actor, action FROM audit_log WHERE action LIKE 'view.%' ORDER BY id");
  expect(audited.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
    ...['ada view.save', 'ada view.save', 'ada view.save', 'root view.remove'],
  ]);
});

it.each([
  [{ page: 'logs', name: ' ', search: '' }],
  [{ page: 'other', name: 'x', search: '' }],
  [{ page: 'logs', name: 'x' }],
])('refuses %j', async (view) => {
  expect((await save(view)).statusCode).toBe(400);
});

it('remembers the origins of a public key, and holds requests to them', async () => {
  const made = { scope: 'public', project: '1', actor: 'ada', now: systemClock.now() } as const;
  const origins = ['https://shop.example', 'https://*.yum.example'];
  const { secret } = await createIngestKey(state.db, { ...made, origins });
  const { secret: open } = await createIngestKey(state.db, made);
  const find = ingestKeyFinder({ db: state.db, clock: systemClock }, undefined);
  const [bound, free] = [await find(secret), await find(open)];
  expect([bound?.origins, free?.origins]).toEqual([origins, []]);
  const from = (origin: string | undefined) => () =>
    requireOrigin({ headers: origin === undefined ? {} : { origin } } as never, bound as never);
  for (const origin of ['https://shop.example', 'https://a.yum.example', 'https://A.b.YUM.example']) {
    expect(from(origin), origin).not.toThrow();
  }
  for (const origin of ['http://shop.example', 'https://yum.example', 'https://evilyum.example', 'null', undefined]) {
    expect(from(origin), String(origin)).toThrow('may not be used from');
  }
  expect(() => requireOrigin({ headers: {} } as never, free as never)).not.toThrow();
});
