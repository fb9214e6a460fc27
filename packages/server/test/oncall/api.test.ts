import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { hashSecret, newSecret } from '../../src/access/secret.ts';
import { onCallRoutes } from '../../src/http/oncall.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { createOnCall, type OnCall, type OnCallConfig } from '../../src/respond/oncall/index.ts';
import { schedule } from '../../src/respond/oncall/testing/schedules.ts';
import { startTestState, type TestState } from '../engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const NOW = Date.UTC(2026, 2, 24, 12);
const phone = { address: '+442071838750', broken: null };

const config: OnCallConfig = {
  people: ['ada', 'grace', 'linus'].map((name) => ({ name, email: null, phone, slack: null })),
  schedules: [
    schedule({ overrides: [{ person: 'linus', start: Date.UTC(2026, 3, 1), end: Date.UTC(2026, 3, 2) }] }),
    schedule({ id: 'night-shift', name: 'Night shift', layers: [] }),
  ],
};

let state: TestState;
let app: FastifyInstance;
let onCall: OnCall;
/** The audit log only grows. */
let auditedBefore = 0;
const codes: { channel: string; target: string; code: string }[] = [];

beforeAll(async () => {
  state = await startTestState();
});

afterAll(() => state?.stop());

beforeEach(async () => {
  await state.db.query('TRUNCATE oncall_overrides, oncall_feeds RESTART IDENTITY');
  const [newest] = await state.db.query<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM audit_log');
  auditedBefore = newest?.id ?? 0;
  onCall = createOnCall({
    db: state.db,
    config: () => config,
    audit,
    secrets: { create: newSecret, hash: hashSecret },
    sendCode: async (to, code) => {
      codes.push({ ...to, code });
      return { outcome: 'sent', answer: 'taken' };
    },
    sendTest: async () => ({ outcome: 'sent', answer: 'taken' }),
  });
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  const guard = (role: string) => async (request: { principal?: unknown }) => {
    request.principal = { id: '1', name: `the ${role}`, role, kind: 'person' };
  };
  onCallRoutes(app, { onCall, guard: guard as never, clock: new FakeClock(NOW), publicUrl: 'https://ops.example.com' });
});

async function call(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, status = 200) {
  const response = await app.inject({ method, url, ...(payload ? { payload } : {}) });
  expect({ status: response.statusCode, body: response.body }).toMatchObject({ status });
  return response.headers['content-type']?.toString().startsWith('application/json') ? response.json() : response.body;
}

const override = (parts: object = {}) => ({
  schedule: 'primary',
  person: 'grace',
  from: '2026-03-25T00:00:00Z',
  to: '2026-03-26T00:00:00Z',
  ...parts,
});

async function actions(): Promise<unknown[]> {
  const rows = await state.db.query('SELECT actor, action, target, detail FROM audit_log WHERE id > $1 ORDER BY id', [
    auditedBefore,
  ]);
  return rows.map((row) => Object.values(row as object));
}

test('who is on call at an instant, now when none is given', async () => {
  expect(await call('GET', '/api/v1/oncall')).toEqual({
    at: '2026-03-24T12:00:00.000Z',
    items: [
      {
        schedule: 'primary',
        scheduleId: 'primary',
        timeZone: 'Europe/London',
        person: 'ada',
        since: '2026-03-22T01:30:00.000Z',
        until: '2026-03-29T01:00:00.000Z',
        next: 'grace',
      },
      {
        schedule: 'Night shift',
        scheduleId: 'night-shift',
        timeZone: 'Europe/London',
        person: null,
        since: null,
        until: null,
        next: null,
      },
    ],
  });
  const { at, items } = await call('GET', '/api/v1/oncall?at=2026-04-01%2001:30%20Europe/London');
  expect([at, items[0].person, items[0].next]).toEqual(['2026-04-01T00:30:00.000Z', 'linus', 'grace']);
});

test('everybody who can be put on call, and how they are reached', async () => {
  const { items } = await call('GET', '/api/v1/oncall/people');
  expect(items.map(({ name }: { name: string }) => name)).toEqual(['ada', 'grace', 'linus']);
  expect(items[0].targets).toEqual([
    { channel: 'sms', target: '+442071838750', broken: null },
    { channel: 'phone_call', target: '+442071838750', broken: null },
  ]);
});

test('the ends of time are no failure', async () => {
  const { items } = await call('GET', '/api/v1/oncall?at=9999-12-31T23:59:59Z');
  expect(items[0].until > '+010000').toBe(true);
  expect((await call('GET', '/api/v1/oncall?at=1970-01-01')).items[0].person).toBeNull();
});

test('a range has shifts, gaps, layers and overrides', async () => {
  await call('POST', '/api/v1/oncall/overrides', override(), 201);
  const range = 'from=2026-03-21T00:00:00Z&to=2026-04-03T00:00:00Z';
  const all = await call('GET', `/api/v1/oncall?${range}`);
  const brief = (items: { schedule: string; person?: string; start: string }[]) =>
    items.map(({ schedule: name, person, start }) => [name, person, start.slice(0, 16)].filter(Boolean).join(' '));
  expect(brief(all.shifts)).toEqual([
    'primary ada 2026-03-22T01:30',
    'primary grace 2026-03-25T00:00',
    'primary ada 2026-03-26T00:00',
    'primary grace 2026-03-29T01:00',
    'primary linus 2026-04-01T00:00',
    'primary grace 2026-04-02T00:00',
  ]);
  expect(brief(all.gaps)).toEqual(['primary 2026-03-21T00:00', 'Night shift 2026-03-21T00:00']);
  expect(brief(all.layers)).toEqual(['primary ada 2026-03-22T01:30', 'primary grace 2026-03-29T01:00']);
  expect(all.overrides).toEqual([
    {
      id: null,
      schedule: 'primary',
      person: 'linus',
      start: '2026-04-01T00:00:00.000Z',
      end: '2026-04-02T00:00:00.000Z',
      swap: null,
      createdBy: null,
    },
    {
      id: '1',
      schedule: 'primary',
      person: 'grace',
      start: '2026-03-25T00:00:00.000Z',
      end: '2026-03-26T00:00:00.000Z',
      swap: null,
      createdBy: 'the responder',
    },
  ]);
  const one = await call('GET', `/api/v1/oncall?${range}&schedule=night-shift`);
  expect([one.shifts.length, brief(one.gaps)]).toEqual([0, ['Night shift 2026-03-21T00:00']]);
});

test('an override is stored and taken back, each with its audit row', async () => {
  const { id } = await call('POST', '/api/v1/oncall/overrides', override(), 201);
  const { targets } = await onCall.resolve({ schedule: 'primary', people: [] }, Date.UTC(2026, 2, 25, 12));
  expect(targets.map(({ person, channel }) => `${person} ${channel}`)).toEqual(['grace sms', 'grace phone_call']);
  await call('DELETE', `/api/v1/oncall/overrides/${id}`, undefined, 204);
  expect((await onCall.resolve({ schedule: 'primary', people: [] }, Date.UTC(2026, 2, 25, 12))).people).toEqual([
    'ada',
  ]);
  await call('DELETE', `/api/v1/oncall/overrides/${id}`, undefined, 404);
  const range = { from: '2026-03-25T00:00:00.000Z', to: '2026-03-26T00:00:00.000Z' };
  expect(await actions()).toEqual([
    ['the responder', 'oncall.override', '1', { schedule: 'primary', person: 'grace', ...range }],
    ['the responder', 'oncall.override_remove', '1', { schedule: 'primary', person: 'grace' }],
  ]);
});

test('of two overrides the later one counts', async () => {
  await call('POST', '/api/v1/oncall/overrides', override(), 201);
  await call('POST', '/api/v1/oncall/overrides', override({ person: 'linus' }), 201);
  const { items } = await call('GET', '/api/v1/oncall?at=2026-03-25T12:00:00Z');
  expect(items[0].person).toBe('linus');
});

test.each([
  ['an unknown schedule', { schedule: 'primry' }, 404, 'unknown_schedule', 'did you mean "primary"?'],
  ['an unknown person', { person: 'grce' }, 400, 'unknown_person', 'did you mean "grace"?'],
  ['a time that ends before it begins', { to: '2026-03-24T23:00:00Z' }, 400, 'invalid_time', undefined],
  ['a time that has passed', { from: '2026-03-01', to: '2026-03-24T12:00:00Z' }, 400, 'invalid_time', undefined],
  ['more than a year', { to: '2027-04-26T00:00:00Z' }, 400, 'invalid_time', undefined],
  ['no time', { to: 'tomorrow' }, 400, 'invalid_request', undefined],
])('refuses %s', async (_what, parts, status, code, hint) => {
  const { error } = await call('POST', '/api/v1/oncall/overrides', override(parts), status);
  expect(error.code).toBe(code);
  if (hint) expect(error.hint).toBe(hint);
  expect(await actions()).toEqual([]);
});

test('a swap changes both people, and is taken back as a whole', async () => {
  const body = {
    schedule: 'primary',
    first: { from: '2026-03-25T00:00:00Z', to: '2026-03-26T00:00:00Z' },
    second: { from: '2026-04-03T00:00:00Z', to: '2026-04-04T00:00:00Z' },
  };
  const { items } = await call('POST', '/api/v1/oncall/swaps', body, 201);
  expect(items.map((item: { person: string }) => item.person)).toEqual(['grace', 'ada']);
  expect(items[0].swap).toBe(items[1].swap);
  const person = async (at: string) => (await call('GET', `/api/v1/oncall?at=${at}`)).items[0].person;
  expect([await person('2026-03-25T12:00:00Z'), await person('2026-04-03T12:00:00Z')]).toEqual(['grace', 'ada']);
  await call('DELETE', `/api/v1/oncall/overrides/${items[1].id}`, undefined, 204);
  expect([await person('2026-03-25T12:00:00Z'), await person('2026-04-03T12:00:00Z')]).toEqual(['ada', 'grace']);
  expect((await actions()).map((row) => (row as unknown[])[1])).toEqual([
    'oncall.swap',
    'oncall.override_remove',
    'oncall.override_remove',
  ]);
});

test.each([
  ['the same person', '2026-03-26T00:00:00Z', '2026-03-27T00:00:00Z', 'same_person'],
  ['a time with several people', '2026-03-28T00:00:00Z', '2026-03-30T00:00:00Z', 'not_one_person'],
])('a swap needs two people: %s', async (_what, from, to, code) => {
  const first = { from: '2026-03-25T00:00:00Z', to: '2026-03-26T00:00:00Z' };
  const { error } = await call(
    'POST',
    '/api/v1/oncall/swaps',
    { schedule: 'primary', first, second: { from, to } },
    409,
  );
  expect(error.code).toBe(code);
  expect(await onCall.overrides(0, Date.UTC(2030, 0))).toEqual([]);
});

test('a calendar link opens the file of its schedule, until it is removed', async () => {
  await call('POST', '/api/v1/oncall/overrides', override({ person: 'linus' }), 201);
  const feed = await call('POST', '/api/v1/oncall/feeds', { schedule: 'primary' }, 201);
  expect(feed.url).toMatch(/^https:\/\/ops\.example\.com\/api\/v1\/oncall\/primary\.ics\?token=[0-9a-f]{32}$/);
  const { pathname, search } = new URL(feed.url);
  const file = await call('GET', pathname + search);
  expect(file).toMatch(/^BEGIN:VCALENDAR\r\n/);
  expect(file).toContain('DTSTART:20260325T000000Z\r\nDTEND:20260326T000000Z\r\nSUMMARY:linus on call: primary\r\n');
  expect(await call('GET', '/api/v1/oncall/feeds')).toEqual({
    items: [{ id: '1', schedule: 'primary', createdBy: 'the responder', createdAt: '2026-03-24T12:00:00.000Z' }],
    nextCursor: null,
  });
  await call('GET', `${pathname}?token=${'0'.repeat(32)}`, undefined, 404);
  await call('GET', `/api/v1/oncall/night-shift.ics${search}`, undefined, 404);
  await call('GET', pathname, undefined, 400);
  await call('DELETE', `/api/v1/oncall/feeds/${feed.id}`, undefined, 204);
  await call('GET', pathname + search, undefined, 404);
  expect(JSON.stringify(await actions())).not.toContain(search.slice(7));
});

test.each(['at=tomorrow', 'from=2026-03-21', 'from=2026-03-21&to=2026-03-20', 'from=2020-01-01&to=2026-01-01'])(
  'refuses the question ?%s',
  async (query) => {
    expect((await call('GET', `/api/v1/oncall?${query}`, undefined, 400)).error.code).toBe('invalid_request');
  },
);

test('every route stands in the OpenAPI document', async () => {
  const { paths } = await call('GET', '/api/openapi.json');
  expect(Object.keys(paths)).toEqual([
    '/api/v1/oncall',
    '/api/v1/oncall/people',
    '/api/v1/oncall/overrides',
    '/api/v1/oncall/overrides/{id}',
    '/api/v1/oncall/swaps',
    '/api/v1/oncall/feeds',
    '/api/v1/oncall/feeds/{id}',
    '/api/v1/oncall/{schedule}.ics',
    '/api/v1/oncall/contact-methods',
    '/api/v1/oncall/contact-methods/{id}/code',
    '/api/v1/oncall/contact-methods/{id}/confirm',
    '/api/v1/oncall/contact-methods/{id}',
    '/api/v1/oncall/people/{person}/test',
    '/api/v1/oncall/people/{person}/rules',
  ]);
});
