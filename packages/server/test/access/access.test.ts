import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Accounts, openAccounts } from '../../src/access/accounts.ts';
import { stateAttempts } from '../../src/access/attempts.ts';
import { createIngestKey, ingestKeyFinder, listIngestKeys, revokeIngestKey } from '../../src/access/ingest-keys.ts';
import { createToken, findToken, listTokens, revokeToken } from '../../src/access/tokens.ts';
import { accessAdminRoutes } from '../../src/http/access-admin.ts';
import { authRoutes } from '../../src/http/auth.ts';
import { createGuard } from '../../src/http/guard.ts';
import { peopleRoutes } from '../../src/http/people.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { tokenRoutes } from '../../src/http/tokens.ts';
import { FakeClock, systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { PostgresSignals } from '../../src/store/state/index.ts';
import { startTestState, type TestState } from '../engines.ts';

const PUBLIC_URL = 'http://ops.example.test';
const PRESET = 'preset-token-for-automation';
const NOW = Date.UTC(2026, 0, 5, 10);
const SIGN_IN = { breachedPasswords: false, providers: [] };

let state: TestState;
let accounts: Accounts;
let app: FastifyInstance;

beforeAll(async () => {
  state = await startTestState();
  accounts = await openAccounts({
    ...{ stateUrl: state.url, publicUrl: PUBLIC_URL, keyring: { current: 'x'.repeat(32), previous: [] } },
    ...{
      signIn: SIGN_IN,
      attempts: stateAttempts({ db: state.db, clock: systemClock }),
      noteOwnChange: async () => undefined,
      log: createLog(systemClock, () => undefined),
    },
  });
});

beforeEach(async () => {
  const guard = createGuard(
    {
      byToken: (secret) => findToken(state.db, secret, PRESET, systemClock.now()),
      byCookie: (headers) => accounts.find(headers),
    },
    PUBLIC_URL,
  );
  app = await createHttpServer({ log: createLog(systemClock, () => undefined), version: '0' });
  tokenRoutes(app, { db: state.db, guard, clock: systemClock });
  authRoutes(app, { accounts, signIn: SIGN_IN, publicUrl: PUBLIC_URL });
  peopleRoutes(app, { db: state.db, accounts, guard, clock: systemClock });
  accessAdminRoutes(app, { db: state.db, accounts, guard, clock: systemClock, publicUrl: PUBLIC_URL });
});

afterAll(async () => {
  await accounts.close();
  await state.stop();
});

let peer = 0;
/** Requests of another address each, so that the limit of one test does not reach the next. */
const nextPeer = () => `10.0.0.${++peer}`;

function post(url: string, payload: object, headers: Record<string, string> = {}, remoteAddress = nextPeer()) {
  return app.inject({ method: 'POST', url, payload, headers, remoteAddress });
}

async function signInByLink(
  email: string,
  role: 'admin' | 'viewer' = 'admin',
): Promise<{ cookie: string; token: string }> {
  const token = await accounts.createLoginLink(email, role, systemClock.now());
  const answer = await post('/api/auth/one-time', { token });
  expect(answer.statusCode, answer.body).toBe(200);
  return { cookie: String(answer.headers['set-cookie']).split(';')[0] as string, token };
}

const me = (headers: Record<string, string>) => app.inject({ method: 'GET', url: '/api/v1/me', headers });

describe('a login link', () => {
  test('signs in once, with a cookie that scripts cannot read', async () => {
    const { cookie, token } = await signInByLink('ada@example.com');
    expect((await me({ cookie })).json()).toEqual({
      email: 'ada@example.com',
      name: 'ada@example.com',
      role: 'admin',
      projects: {},
    });
    const again = await post('/api/auth/one-time', { token });
    expect(again.statusCode).toBe(401);
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  test('ends after a day', async () => {
    const dayAgo = systemClock.now() - 25 * 3_600_000;
    const token = await accounts.createLoginLink('late@example.com', 'admin', dayAgo);
    expect((await post('/api/auth/one-time', { token })).statusCode).toBe(401);
  });

  test('leads to a first password, which then signs in, and is set once', async () => {
    const { cookie } = await signInByLink('grace@example.com');
    const headers = { cookie, origin: PUBLIC_URL };
    const password = 'correct horse battery';
    expect((await post('/api/auth/set-password', { newPassword: 'short' }, headers)).statusCode).toBe(400);
    expect((await post('/api/auth/set-password', { newPassword: password }, headers)).statusCode).toBe(200);
    expect((await post('/api/auth/set-password', { newPassword: 'another long password' }, headers)).statusCode).toBe(
      409,
    );
    expect((await post('/api/auth/sign-in/email', { email: 'grace@example.com', password })).statusCode).toBe(200);
    expect((await post('/api/auth/set-password', { newPassword: password })).statusCode).toBe(401);
  });
});

describe('signing in by password', () => {
  test('works for an account that an administrator made; nobody signs up', async () => {
    const body = { email: 'Linus@Example.com', password: 'a password of length', name: 'Linus', role: 'viewer' };
    const made = await post('/api/v1/users', body, { authorization: `Bearer ${PRESET}` });
    expect(made.statusCode, made.body).toBe(201);
    const audit = await state.db.query("SELECT actor, detail FROM audit_log WHERE action = 'user.create'");
    expect(audit).toEqual([{ actor: 'preset token', detail: { role: 'viewer', projects: {} } }]);
    const { email, password } = body;
    expect((await post('/api/auth/sign-in/email', { email, password })).statusCode).toBe(200);
    expect((await post('/api/auth/sign-in/email', { email, password: 'wrong password!!' })).statusCode).toBe(401);
    expect((await post('/api/auth/sign-up/email', { ...body, email: 'new@example.com' })).statusCode).toBe(400);
    expect((await post('/api/v1/users', body, { authorization: `Bearer ${PRESET}` })).statusCode).toBe(409);
  });

  test('is limited by address with Retry-After; a forwarded header does not help', async () => {
    const address = nextPeer();
    const codes: number[] = [];
    let retryAfter: unknown;
    for (let attempt = 0; attempt < 30; attempt++) {
      const headers = { 'x-forwarded-for': `203.0.113.${attempt}`, 'x-yumops-peer': `203.0.113.${attempt}` };
      const body = { email: 'ada@example.com', password: 'wrong password!!' };
      const answer = await post('/api/auth/sign-in/email', body, headers, address);
      codes.push(answer.statusCode);
      retryAfter = answer.headers['retry-after'] ?? retryAfter;
    }
    expect(codes.at(-1)).toBe(429);
    expect(Number(retryAfter)).toBeGreaterThan(0);
  });
});

describe('a session cookie', () => {
  const foreign: [string, Record<string, string>][] = [
    ['another origin', { origin: 'https://evil.example' }],
    ['an origin of null', { origin: 'null' }],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }],
  ];
  test.each(foreign)('is refused from %s', async (_name, headers) => {
    const { cookie } = await signInByLink('ada@example.com');
    expect((await me({ cookie, ...headers })).statusCode).toBe(403);
    expect((await post('/api/auth/sign-out', {}, { cookie, ...headers })).statusCode).toBe(403);
  });

  test('works from the console itself, and not when it was altered', async () => {
    const { cookie } = await signInByLink('ada@example.com');
    expect((await me({ cookie, origin: PUBLIC_URL, 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200);
    expect((await me({ cookie: `${cookie}x` })).statusCode).toBe(401);
  });

  test('ends with the session', async () => {
    const { cookie } = await signInByLink('ada@example.com');
    expect((await post('/api/auth/sign-out', {}, { cookie, origin: PUBLIC_URL })).statusCode).toBe(200);
    expect((await me({ cookie })).statusCode).toBe(401);
  });
});

describe('people and their sessions', () => {
  const admin = { authorization: `Bearer ${PRESET}` };
  const remove = (url: string, headers: Record<string, string>) => app.inject({ method: 'DELETE', url, headers });

  test('a person sees and ends their own sessions, an administrator all', async () => {
    const viewer = await signInByLink('sam@example.com', 'viewer');
    const other = await signInByLink('kim@example.com', 'viewer');
    const sessions = async (headers: Record<string, string>) =>
      (await app.inject({ url: '/api/v1/sessions', headers })).json().items as { id: string; email: string }[];
    const own = await sessions({ cookie: viewer.cookie });
    expect(own.map(({ email }) => email)).toEqual(['sam@example.com']);
    const [theirs] = await sessions({ cookie: other.cookie });
    const path = `/api/v1/sessions/${theirs?.id}`;
    expect((await remove(path, { cookie: viewer.cookie })).statusCode).toBe(404);
    expect((await me({ cookie: other.cookie })).statusCode).toBe(200);
    expect((await sessions(admin)).length).toBeGreaterThan(1);
    expect((await remove(path, admin)).statusCode).toBe(204);
    expect((await me({ cookie: other.cookie })).statusCode).toBe(401);
  });

  test('a changed role counts at once; a removed account is signed out', async () => {
    const { cookie } = await signInByLink('leaver@example.com', 'viewer');
    const path = '/api/v1/users/leaver@example.com';
    expect((await post(`${path}/role`, { role: 'responder' }, admin)).statusCode).toBe(204);
    expect((await me({ cookie })).json()).toMatchObject({ role: 'responder' });
    expect((await remove(path, admin)).statusCode).toBe(204);
    expect((await me({ cookie })).statusCode).toBe(401);
    expect((await remove(path, admin)).json().error.code).toBe('person_not_found');
  });

  test('the last administrator stays one', async () => {
    const list = (await app.inject({ url: '/api/v1/users', headers: admin })).json().items as {
      email: string;
      role: string;
    }[];
    const admins = list.filter(({ role }) => role === 'admin').map(({ email }) => email);
    const answers: number[] = [];
    for (const email of admins) answers.push((await remove(`/api/v1/users/${email}`, admin)).statusCode);
    expect(answers).toEqual([...admins.slice(1).map(() => 204), 409]);
    const demoted = await post(`/api/v1/users/${admins.at(-1)}/role`, { role: 'viewer' }, admin);
    expect(demoted.json().error.code).toBe('last_admin');
  });
});

describe('API tokens', () => {
  const GRAFANA = { name: 'grafana', role: 'viewer', projects: {}, resources: null, expiresAt: null } as const;
  const admin = { authorization: `Bearer ${PRESET}` };

  test('reach only the resources that they are made for', async () => {
    const made = await post('/api/v1/tokens', { name: 'pager', role: 'admin', resources: ['users'] }, admin);
    expect(made.statusCode, made.body).toBe(201);
    const headers = { authorization: `Bearer ${made.json().secret}` };
    expect((await app.inject({ url: '/api/v1/users', headers })).statusCode).toBe(200);
    const refused = await app.inject({ url: '/api/v1/tokens', headers });
    expect(refused.json().error).toMatchObject({ code: 'forbidden', message: 'pager reaches users; this is tokens.' });
    const unknown = await post('/api/v1/tokens', { name: 'x', role: 'viewer', resources: ['nothing'] }, admin);
    expect(unknown.json().error).toMatchObject({ code: 'unknown_resource', hint: expect.stringContaining('tokens') });
  });

  test('end at their time or when they are revoked, and tell when they were last used', async () => {
    const until = NOW + 3_600_000;
    const short = { ...GRAFANA, name: 'short', expiresAt: until };
    const { id, secret } = await createToken(state.db, { ...short, actor: 'ada', now: NOW });
    const stored = async () => (await listTokens(state.db)).find((token) => token.id === id);
    expect(await stored()).toMatchObject({ lastUsedAt: null, createdBy: 'ada', revokedAt: null });
    await findToken(state.db, secret, undefined, NOW + 1_000);
    await findToken(state.db, secret, undefined, NOW + 30_000);
    expect((await stored())?.lastUsedAt).toBe(new Date(NOW + 1_000).toISOString());
    await findToken(state.db, secret, undefined, NOW + 61_001);
    expect((await stored())?.lastUsedAt).toBe(new Date(NOW + 61_001).toISOString());
    expect(await findToken(state.db, secret, undefined, until)).toBeUndefined();
    await revokeToken(state.db, { id, actor: 'ada', now: NOW });
    expect(await findToken(state.db, secret, undefined, NOW)).toBeUndefined();
    await expect(revokeToken(state.db, { id, actor: 'ada', now: NOW })).rejects.toMatchObject({
      code: 'token_not_found',
    });
  });

  test('are shown once, kept as a hash, held to their role and audited', async () => {
    const { secret } = await createToken(state.db, { ...GRAFANA, actor: 'ada', now: NOW });
    expect(await findToken(state.db, secret, undefined, NOW)).toEqual({
      id: expect.any(String),
      name: 'grafana',
      role: 'viewer',
      kind: 'token',
    });
    expect(await findToken(state.db, `${secret}0`, undefined, NOW)).toBeUndefined();
    const stored = await state.db.query<{ text: string }>(
      "SELECT encode(secret_hash, 'escape') AS text FROM api_tokens",
    );
    expect(stored.some(({ text }) => text.includes(secret))).toBe(false);

    const headers = { authorization: `Bearer ${secret}` };
    expect((await me(headers)).statusCode).toBe(200);
    const refused = await post('/api/v1/tokens', { name: 'x', role: 'admin' }, headers);
    expect(refused.statusCode).toBe(403);
    expect(refused.json().error).toMatchObject({ code: 'forbidden', message: 'grafana is viewer; this needs admin.' });

    const audit = await state.db.query("SELECT actor, action, target FROM audit_log WHERE target = 'grafana'");
    expect(audit).toEqual([{ actor: 'ada', action: 'token.create', target: 'grafana' }]);
  });

  test('say what is missing when there is none', async () => {
    const answer = await me({});
    expect(answer.statusCode).toBe(401);
    expect(answer.json().error).toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringContaining('token create'),
    });
  });
});

/** Resolves when it hears what it listens for. */
async function listening(signals: PostgresSignals): Promise<void> {
  let heard = false;
  signals.listen('probe', () => {
    heard = true;
  });
  const probe = async () => {
    await signals.send('probe', '');
    expect(heard).toBe(true);
  };
  await vi.waitFor(probe, { timeout: 30_000 });
}

describe('ingest keys', () => {
  test('have a scope; a revoked one stops within 15 s, also where the word of it is lost', async () => {
    const clock = new FakeClock(NOW);
    const { secret } = await createIngestKey(state.db, { scope: 'public', project: '7', actor: 'ada', now: NOW });
    const find = ingestKeyFinder({ db: state.db, clock }, 'preset');
    expect(await find(secret)).toEqual({ scope: 'public', project: '7', origins: [] });
    expect(await find('preset')).toEqual({ scope: 'all', project: null });
    expect(await find('unknown')).toBeUndefined();
    await state.db.query('UPDATE ingest_keys SET revoked_at = now()');
    await clock.advance(15_001);
    expect(await find(secret)).toBeUndefined();
  });

  test('revoked ones are refused at once by every instance; the list tells of their use', async () => {
    const clock = new FakeClock(NOW);
    const log = createLog(systemClock, () => undefined);
    const made = { scope: 'public' as const, project: '9', origins: ['https://shop.example'], actor: 'ada', now: NOW };
    const { id, secret } = await createIngestKey(state.db, { ...made, name: 'shop window' });
    const instances = ['a', 'b'].map(
      () => new PostgresSignals({ url: state.url, db: state.db, clock: systemClock, log }),
    );
    try {
      const finders = instances.map((signals) => ingestKeyFinder({ db: state.db, clock, signals }, undefined));
      const known = () => Promise.all(finders.map(async (find) => (await find(secret)) !== undefined));
      expect(await known()).toEqual([true, true]);
      const [item] = await listIngestKeys(state.db, null);
      expect(item).toMatchObject({ id, name: 'shop window', createdBy: 'ada', origins: made.origins, revokedAt: null });
      expect(item?.lastUsedAt).toBe(new Date(NOW).toISOString());
      // The clock stands still: nothing is forgotten by time.
      await Promise.all(instances.map((signals) => listening(signals)));
      await revokeIngestKey(state.db, { id, reach: null, actor: 'ada', now: NOW });
      await vi.waitFor(async () => expect(await known()).toEqual([false, false]), { timeout: 30_000 });
      await expect(revokeIngestKey(state.db, { id, reach: null, actor: 'ada', now: NOW })).rejects.toMatchObject({
        code: 'ingest_key_not_found',
      });
    } finally {
      for (const signals of instances) await signals.close();
    }
  });

  test('known ones go on working while the state store is away; unknown ones are an error, not a refusal', async () => {
    const clock = new FakeClock(NOW);
    const { secret } = await createIngestKey(state.db, { scope: 'server', project: '1', actor: 'ada', now: NOW });
    let away = false;
    const db = {
      ...state.db,
      query: (sql: string, values?: readonly (string | Buffer)[]) =>
        away ? Promise.reject(new Error('connection refused')) : state.db.query(sql, values),
    } as typeof state.db;
    const find = ingestKeyFinder({ db, clock }, undefined);
    await find(secret);
    away = true;
    await clock.advance(60_000);
    expect(await find(secret)).toEqual({ scope: 'server', project: '1', origins: [] });
    await expect(find('unknown')).rejects.toThrow('connection refused');
  });
});
