import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import { type StrictVendor, strictVendor } from '../../test/support/strict-vendor.ts';
import type { Principal } from '../http/access.ts';
import { createGuard } from '../http/guard.ts';
import { createHttpServer } from '../http/server.ts';
import { FakeClock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { createLog } from '../lib/log.ts';
import { Secret } from '../lib/secret.ts';
import { NO_INTEGRATIONS } from '../respond/notify/index.ts';
import { type NotificationParts, registerNotifications } from './notifications.ts';

const clock = new FakeClock();
const log = createLog(clock, () => undefined);
const PEOPLE: Record<string, Principal> = {
  root: { id: '1', name: 'ada@yumzoom.com', role: 'admin', kind: 'person' },
  eyes: { id: '2', name: 'bob@yumzoom.com', role: 'responder', kind: 'person' },
};

let server: StateServer;
let vendor: StrictVendor;
let db: Db;
let app: FastifyInstance;

beforeAll(async () => {
  server = await startStateServer();
  ({ db } = await server.database());
  vendor = await strictVendor(() => ({ status: 200 }));
  const sources = { byToken: async (token: string) => PEOPLE[token], byCookie: async () => undefined };
  const webhook = { name: 'ops', url: new Secret(vendor.base), secret: null, timeoutMs: 9_000, sendResolved: true };
  const integrations = { ...NO_INTEGRATIONS, webhooks: [{ ...webhook, broken: null }] };
  app = await createHttpServer({ log, version: '0' });
  registerNotifications(app, {
    ...{ clock, log, publicUrl: 'https://ops.yumzoom.app', stores: { db } },
    identity: { guard: createGuard(sources, 'https://ops.yumzoom.app') },
    live: { current: { integrations, people: [] } },
    alerting: {},
  } as unknown as NotificationParts);
});

afterAll(() => Promise.all([app.close(), server.stop(), vendor.stop()]));

function send(token: string, payload: object) {
  const headers = { authorization: `Bearer ${token}` };
  return app.inject({ method: 'POST', url: '/api/v1/notifications/test', headers, payload });
}

test('a test goes out, is answered with what the vendor said, and is audited', async () => {
  const answer = await send('root', { channel: 'webhook', target: 'ops' });
  expect(answer.json()).toMatchObject({ channel: 'webhook', target: 'ops', outcome: 'sent', answer: 'accepted (200)' });
  expect(vendor.accepted[0]?.body).toContain('Test of YumOps: nothing is wrong');
  expect(await db.query('SELECT actor, action, target, detail FROM audit_log')).toEqual([
    {
      actor: 'ada@yumzoom.com',
      action: 'notification.test',
      target: 'webhook/ops',
      detail: { outcome: 'sent', answer: 'accepted (200)' },
    },
  ]);
});

test('only administrators may', async () => {
  expect((await send('eyes', { channel: 'webhook', target: 'ops' })).statusCode).toBe(403);
  expect((await send('nobody', { channel: 'webhook', target: 'ops' })).statusCode).toBe(401);
});

test('a channel that is not set up is said to be so', async () => {
  const answer = await send('root', { channel: 'sms', target: '+442071838750' });
  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({ error: { code: 'channel_not_set_up' } });
});

test('without an account nothing is taken from vendors', async () => {
  const form = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'a=b',
  } as const;
  expect((await app.inject({ ...form, url: '/integrations/slack/interactions' })).statusCode).toBe(404);
  expect((await app.inject({ ...form, url: '/integrations/twilio/sms' })).statusCode).toBe(404);
});
