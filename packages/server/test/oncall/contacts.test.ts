import type { OnCallPerson } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { hashSecret, newSecret } from '../../src/access/secret.ts';
import { onCallRoutes } from '../../src/http/oncall.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { createOnCall, type OnCall, type OnCallConfig } from '../../src/respond/oncall/index.ts';
import { startTestState, type TestState } from '../engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const NOW = Date.UTC(2026, 2, 24, 12);
const PHONE = '+442071838750';
const email = (address: string) => ({ address, broken: null });

const config: OnCallConfig = {
  people: [
    { name: 'ada', email: email('ada@example.com'), phone: null, slack: null },
    {
      name: 'grace',
      email: email('grace@example.com'),
      phone: { address: PHONE, broken: null },
      slack: null,
      mustConfirm: true,
    },
    {
      ...{ name: 'linus', email: email('linus@example.com'), phone: null, slack: null },
      rules: { high: [{ afterMs: 0, channel: 'email' }] },
    },
  ],
  schedules: [],
};

let state: TestState;
let app: FastifyInstance;
let onCall: OnCall;
let clock: FakeClock;
let codes: { channel: string; target: string; code: string }[];
let tests: { channel: string; target: string; by: string }[];
let principal: { name: string; role: string };

beforeAll(async () => {
  state = await startTestState();
});

afterAll(() => state?.stop());

beforeEach(async () => {
  await state.db.query('TRUNCATE contact_methods, contact_rules RESTART IDENTITY');
  codes = [];
  tests = [];
  clock = new FakeClock(NOW);
  principal = { name: 'ada@example.com', role: 'responder' };
  onCall = createOnCall({
    db: state.db,
    config: () => config,
    audit,
    secrets: { create: newSecret, hash: hashSecret },
    async sendCode(to, code) {
      codes.push({ ...to, code });
      return { outcome: 'sent', answer: 'taken' };
    },
    async sendTest(to, by) {
      tests.push({ ...to, by });
      return { outcome: 'sent', answer: 'taken' };
    },
  });
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  const guard = () => async (request: { principal?: unknown }) => {
    request.principal = { id: '1', kind: 'person', ...principal };
  };
  const deps = { onCall, guard: guard as never, clock, publicUrl: 'https://ops.example.com' };
  onCallRoutes(app, deps);
});

async function call(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, status = 200) {
  const response = await app.inject({ method, url: `/api/v1/oncall${url}`, ...(payload ? { payload } : {}) });
  expect({ status: response.statusCode, body: response.body }).toMatchObject({ status });
  return response.body === '' ? undefined : response.json();
}

async function person(name: string): Promise<OnCallPerson> {
  const { items } = await call('GET', '/people');
  return items.find((one: OnCallPerson) => one.name === name);
}

const targets = async (name: string) =>
  (await onCall.resolve({ schedule: null, people: [name] }, NOW)).targets.map(({ channel, target, broken }) =>
    broken === null ? `${channel} ${target}` : `${channel} ${target}: ${broken}`,
  );

const add = (parts: object = {}, status = 201) =>
  call('POST', '/contact-methods', { person: 'ada', channel: 'sms', address: '+44 20 7183 8751', ...parts }, status);

test('nothing is sent to an address before its owner has sent the code back', async () => {
  const method = await add();
  expect(method).toMatchObject({ id: '1', address: '+442071838751', confirmed: false, fromConfiguration: false });
  expect(await targets('ada')).toEqual(['email ada@example.com', 'sms +442071838751: its owner has not confirmed it']);
  expect(await call('POST', '/contact-methods/1/code')).toEqual({ outcome: 'sent', answer: 'taken' });
  const [sent] = codes;
  expect(sent).toMatchObject({ channel: 'sms', target: '+442071838751', code: expect.stringMatching(/^\d{6}$/) });
  expect(await call('POST', '/contact-methods/1/confirm', { code: sent?.code })).toMatchObject({ confirmed: true });
  expect(await targets('ada')).toEqual(['email ada@example.com', 'sms +442071838751']);
  const { mine, methods } = await person('ada');
  expect({ mine, methods: methods.map(({ id, channel, confirmed }) => ({ id, channel, confirmed })) }).toEqual({
    mine: true,
    methods: [
      { id: null, channel: 'email', confirmed: true },
      { id: '1', channel: 'sms', confirmed: true },
    ],
  });
  await call('DELETE', '/contact-methods/1', undefined, 204);
  expect(await targets('ada')).toEqual(['email ada@example.com']);
  const rows = await state.db.query(`SELECT action FROM audit_log WHERE action LIKE 'contact.%' ORDER BY id`);
  expect(rows.map((row) => row['action']).slice(-4)).toEqual([
    'contact.add',
    'contact.code',
    'contact.confirm',
    'contact.remove',
  ]);
});

test('an address that works takes the place of one that is not confirmed', async () => {
  await add();
  await add({ address: '+442071838752' });
  await call('POST', '/contact-methods/2/code');
  await call('POST', '/contact-methods/2/confirm', { code: codes[0]?.code });
  expect(await targets('ada')).toEqual(['email ada@example.com', 'sms +442071838752']);
});

test('a code is good for five tries and ten minutes, and a new one comes once a minute, five times an hour', async () => {
  await add();
  await call('POST', '/contact-methods/1/code');
  const wrong = codes[0]?.code === '000000' ? '000001' : '000000';
  for (let left = 4; left >= 0; left--) {
    const { error } = await call('POST', '/contact-methods/1/confirm', { code: wrong }, 400);
    expect(error).toMatchObject({ code: 'wrong_code', message: `That is not the code; ${left} tries are left.` });
  }
  const right = { code: codes[0]?.code };
  expect((await call('POST', '/contact-methods/1/confirm', right, 409)).error.code).toBe('no_code');
  expect((await call('POST', '/contact-methods/1/code', undefined, 429)).error.code).toBe('too_soon');
  for (let n = 1; n < 5; n++) {
    await clock.advance(61_000);
    await call('POST', '/contact-methods/1/code');
  }
  await clock.advance(61_000);
  await call('POST', '/contact-methods/1/code', undefined, 429);
  await clock.advance(600_000);
  const late = { code: codes.at(-1)?.code };
  expect((await call('POST', '/contact-methods/1/confirm', late, 409)).error.code).toBe('no_code');
  expect(await targets('ada')).toEqual(['email ada@example.com', 'sms +442071838751: its owner has not confirmed it']);
});

test('addresses of the configuration wait for their owner where it says so; a number counts for both', async () => {
  const unconfirmed = 'its owner has not confirmed it';
  expect(await targets('grace')).toEqual([
    `sms ${PHONE}: ${unconfirmed}`,
    `phone_call ${PHONE}: ${unconfirmed}`,
    `email grace@example.com: ${unconfirmed}`,
  ]);
  principal = { name: 'Grace@example.com', role: 'responder' };
  const { id } = await add({ person: 'grace', address: PHONE });
  await call('POST', `/contact-methods/${id}/code`);
  expect(await call('POST', `/contact-methods/${id}/confirm`, { code: codes[0]?.code })).toMatchObject({
    confirmed: true,
    fromConfiguration: true,
  });
  expect(await targets('grace')).toEqual([
    `sms ${PHONE}`,
    `phone_call ${PHONE}`,
    `email grace@example.com: ${unconfirmed}`,
  ]);
});

test('people change their own; administrators change everybody’s', async () => {
  expect((await add({ person: 'grace' }, 403)).error.code).toBe('not_yours');
  expect((await add({ person: 'adda' }, 404)).error.hint).toContain('ada');
  principal = { name: 'root', role: 'admin' };
  await add({ person: 'grace' });
  principal = { name: 'ada@example.com', role: 'responder' };
  for (const path of ['/code', '/confirm']) {
    await call('POST', `/contact-methods/1${path}`, { code: '123456' }, 403);
  }
  await call('DELETE', '/contact-methods/1', undefined, 403);
  expect((await call('POST', '/people/grace/rules', { low: [{ after: 0, channel: 'sms' }] }, 403)).error.code).toBe(
    'not_yours',
  );
});

test('an address that cannot be one is refused', async () => {
  expect((await add({ address: '12' }, 400)).error).toMatchObject({ code: 'invalid_address' });
  expect((await add({ channel: 'email', address: 'nobody' }, 400)).error).toMatchObject({ code: 'invalid_address' });
});

test('rules are set by urgency; those of the configuration win, and what is left out has the default', async () => {
  const high = [
    { after: 300, channel: 'sms' },
    { after: 0, channel: 'email' },
  ];
  await call('POST', '/people/ada/rules', { high }, 204);
  expect((await person('ada')).rules).toEqual({
    high: {
      from: 'own',
      items: [
        { after: 0, channel: 'email' },
        { after: 300, channel: 'sms' },
      ],
    },
    low: { from: 'default', items: [{ after: 0, channel: 'email' }] },
  });
  const answer = await onCall.resolve({ schedule: null, people: ['ada'] }, NOW);
  expect(answer.rules?.['ada']?.high).toEqual([
    { afterMs: 0, channel: 'email' },
    { afterMs: 300_000, channel: 'sms' },
  ]);
  await call('POST', '/people/ada/rules', {}, 204);
  expect((await person('ada')).rules.high.from).toBe('default');
  await call('POST', '/people/ada/rules', { low: [] }, 400);
  principal = { name: 'linus@example.com', role: 'responder' };
  expect((await call('POST', '/people/linus/rules', { high }, 409)).error.code).toBe('in_configuration');
  expect((await person('linus')).rules.high.from).toBe('configuration');
});

test("a test message goes to an address of one's own that works, and nowhere else", async () => {
  const to = { channel: 'email', address: 'ada@example.com' };
  expect(await call('POST', '/people/ada/test', to)).toEqual({ outcome: 'sent', answer: 'taken' });
  expect(tests).toEqual([{ channel: 'email', target: 'ada@example.com', by: 'ada@example.com' }]);
  const rows = await state.db.query(`SELECT actor, target FROM audit_log WHERE action = 'contact.test'`);
  expect(rows).toEqual([{ actor: 'ada@example.com', target: 'ada' }]);
  const refused = async (who: string, body: object, status: number, code: string) =>
    expect(await call('POST', `/people/${who}/test`, body, status)).toMatchObject({ error: { code } });
  await refused('ada', { ...to, address: 'other@example.com' }, 404, 'unknown_method');
  await refused('grace', { channel: 'sms', address: PHONE }, 403, 'not_yours');
  principal = { name: 'grace@example.com', role: 'responder' };
  await refused('grace', { channel: 'sms', address: PHONE }, 409, 'cannot_be_told');
  expect(tests).toHaveLength(1);
});
