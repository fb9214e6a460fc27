import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Accounts, openAccounts } from '../../src/access/accounts.ts';
import { stateAttempts } from '../../src/access/attempts.ts';
import { refuseBreached } from '../../src/access/breached-passwords.ts';
import { authRoutes } from '../../src/http/auth.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock, systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Secret } from '../../src/lib/secret.ts';
import { startTestState, type TestState } from '../engines.ts';
import { type OidcServer, startOidcServer } from '../support/oidc-server.mjs';
import { totp } from '../support/totp.ts';

const PUBLIC_URL = 'http://ops.example.test';
const PASSWORD = 'a password of length';
const silent = createLog(systemClock, () => undefined);

let state: TestState;
let oidc: OidcServer;
let accounts: Accounts;
let app: FastifyInstance;

const noted: { actor: string; action: string }[] = [];

beforeAll(async () => {
  state = await startTestState();
  oidc = await startOidcServer({
    clientId: 'yumops',
    clientSecret: 'oidc-client-secret',
    redirectUri: `${PUBLIC_URL}/api/auth/callback/company`,
    people: {
      ada: { email: 'ada@example.com', email_verified: true },
      eve: { email: 'eve@elsewhere.example', email_verified: true },
      mallory: { email: 'root@example.com', email_verified: false },
    },
  });
  const company = {
    ...{ id: 'company', name: 'Company', issuer: oidc.issuer, clientId: 'yumops' },
    clientSecret: new Secret('oidc-client-secret'),
    ...{ domains: ['example.com'], role: 'responder' as const },
  };
  const signIn = { breachedPasswords: false, providers: [company] };
  accounts = await openAccounts({
    ...{
      stateUrl: state.url,
      publicUrl: PUBLIC_URL,
      keyring: { current: 'x'.repeat(32), previous: [] },
      signIn,
      log: silent,
    },
    noteOwnChange: async (entry) => void noted.push(entry),
    attempts: stateAttempts({ db: state.db, clock: systemClock }),
  });
  app = await createHttpServer({ log: silent, version: '0' });
  authRoutes(app, { accounts, signIn, publicUrl: PUBLIC_URL });
});

afterAll(async () => {
  await accounts.close();
  await oidc.stop();
  await state.stop();
});

/** A browser with cookies; each has an address of its own, for the limits. */
let peers = 0;
function browser() {
  const cookies = new Map<string, string>();
  peers += 1;
  const remoteAddress = `10.0.1.${peers}`;
  return {
    cookies,
    async ask(method: 'GET' | 'POST', url: string, payload?: object) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { cookie, origin: PUBLIC_URL };
      const answer = await app.inject({ method, url, headers, remoteAddress, ...(payload && { payload }) });
      for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as unknown as [string, string, string];
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      return answer;
    },
    who: () =>
      accounts.find(new Headers({ cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') })),
  };
}

describe('a second factor', () => {
  const ofSecondFactor = () => noted.filter(({ action }) => action.startsWith('second_factor'));
  const email = 'grace@example.org';
  let uri: string;
  let codes: string[];

  test('is switched on with the password and a first code', async () => {
    await accounts.create({ email, password: PASSWORD, name: 'Grace', role: 'admin' });
    const own = browser();
    expect((await own.ask('POST', '/api/auth/sign-in/email', { email, password: PASSWORD })).statusCode).toBe(200);
    const wrong = await own.ask('POST', '/api/auth/two-factor/enable', { password: 'not the password' });
    expect(wrong.statusCode).toBe(400);
    const begun = await own.ask('POST', '/api/auth/two-factor/enable', { password: PASSWORD });
    ({ totpURI: uri, backupCodes: codes } = begun.json());
    expect(uri).toContain('issuer=YumOps');
    expect(codes.length).toBeGreaterThanOrEqual(8);
    // Not before it was proven that the app computes the same.
    expect(
      (await browser().ask('POST', '/api/auth/sign-in/email', { email, password: PASSWORD })).json(),
    ).not.toHaveProperty('twoFactorRedirect');
    const code = totp(uri, systemClock.now());
    expect(ofSecondFactor()).toEqual([]);
    expect((await own.ask('POST', '/api/auth/two-factor/verify-totp', { code })).statusCode).toBe(200);
    expect(ofSecondFactor()).toEqual([{ actor: email, action: 'second_factor.add' }]);
  });

  test('is asked for; the password alone gives no session, a wrong code neither', async () => {
    const other = browser();
    const first = await other.ask('POST', '/api/auth/sign-in/email', { email, password: PASSWORD });
    expect(first.json()).toMatchObject({ twoFactorRedirect: true });
    expect(await other.who()).toBeUndefined();
    const right = totp(uri, systemClock.now());
    const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0');
    expect((await other.ask('POST', '/api/auth/two-factor/verify-totp', { code: wrong })).statusCode).toBe(401);
    expect(await other.who()).toBeUndefined();
    const done = await other.ask('POST', '/api/auth/two-factor/verify-totp', { code: totp(uri, systemClock.now()) });
    expect(done.statusCode, done.body).toBe(200);
    expect(await other.who()).toMatchObject({ name: email, role: 'admin' });
    // A code that signs in changes nothing.
    expect(ofSecondFactor()).toHaveLength(1);
  });

  test('can be replaced by a recovery code, once', async () => {
    const [code] = codes;
    const attempt = async () => {
      const lost = browser();
      await lost.ask('POST', '/api/auth/sign-in/email', { email, password: PASSWORD });
      const { statusCode } = await lost.ask('POST', '/api/auth/two-factor/verify-backup-code', { code });
      return { statusCode, who: (await lost.who())?.name };
    };
    expect(await attempt()).toEqual({ statusCode: 200, who: email });
    expect(await attempt()).toEqual({ statusCode: 401, who: undefined });
  });

  test('guessing is stopped after ten attempts of one address', async () => {
    const guesser = browser();
    await guesser.ask('POST', '/api/auth/sign-in/email', { email, password: PASSWORD });
    const answers: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      answers.push((await guesser.ask('POST', '/api/auth/two-factor/verify-totp', { code: '000000' })).statusCode);
    }
    expect(answers.at(-1)).toBe(429);
  });
});

describe('OpenID Connect', () => {
  async function come(person: string) {
    const own = browser();
    const begun = await own.ask('POST', '/api/auth/sign-in/social', { provider: 'company', callbackURL: '/alerts' });
    expect(begun.statusCode, begun.body).toBe(200);
    const back = new URL(await oidc.signIn(person, begun.json().url));
    const answer = await own.ask('GET', back.pathname + back.search);
    return { own, location: String(answer.headers['location']) };
  }

  test('is offered by name', async () => {
    expect((await app.inject('/api/sign-in')).json()).toEqual({ providers: [{ id: 'company', name: 'Company' }] });
  });

  test('signs in, makes the account with its role the first time, and comes back to the page', async () => {
    const { own, location } = await come('ada');
    expect(location).toMatch(/\/alerts$/);
    expect(await own.who()).toMatchObject({ name: 'ada@example.com', role: 'responder' });
    await accounts.people.changeGrants('ada@example.com', (held) => ({ ...held, role: 'viewer' }));
    expect(await (await come('ada')).own.who()).toMatchObject({ role: 'viewer' });
  });

  test.each([
    ['of another domain', 'eve', 'domain', 'eve@elsewhere.example'],
    ['that nobody verified', 'mallory', 'unverified', 'root@example.com'],
  ])('gives no account to an address %s', async (_, person, why, email) => {
    const { own, location } = await come(person);
    expect(await own.who()).toBeUndefined();
    expect(location).toBe(`/sign-in?refused=${why}`);
    expect((await accounts.people.list()).map((account) => account.email)).not.toContain(email);
  });

  test('an answer that nobody asked for is refused', async () => {
    const own = browser();
    const begun = await own.ask('POST', '/api/auth/sign-in/social', { provider: 'company', callbackURL: '/' });
    const back = new URL(await oidc.signIn('ada', begun.json().url));
    const victim = browser();
    await victim.ask('GET', back.pathname + back.search);
    expect(await victim.who()).toBeUndefined();
  });
});

describe('the list of breached passwords', () => {
  const asked: string[] = [];
  const breached = 'correct horse battery staple';
  const hash = createHash('sha1').update(breached).digest('hex').toUpperCase();
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers['add-padding']}`);
    response.end(`${'0'.repeat(35)}:3\r\n${hash.slice(5)}:217\r\n${'F'.repeat(35)}:0\r\n`);
  });
  let ranges: string;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ranges = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`;
  });

  afterAll(() => server.close());

  test('learns five digits of a hash and no more', async () => {
    await expect(refuseBreached(breached, silent, ranges)).rejects.toThrow(/217 times/);
    expect(asked).toEqual([`/range/${hash.slice(0, 5)} true`]);
    await refuseBreached('another one that nobody has', silent, ranges);
  });

  test('says so when it could not be asked, and lets the password pass', async () => {
    const lines: string[] = [];
    const log = createLog(new FakeClock(0), (line) => lines.push(line));
    await refuseBreached(breached, log, 'http://127.0.0.1:1/range/');
    expect(lines.join('')).toContain('could not be looked up');
    expect(lines.join('')).not.toContain(breached);
  });
});

test('where the console is reached by https, cookies are secure and browsers come back by https', async () => {
  const publicUrl = 'https://ops.example.test';
  const signIn = { breachedPasswords: false, providers: [] };
  const secure = await openAccounts({
    ...{ stateUrl: state.url, publicUrl, keyring: { current: 'x'.repeat(32), previous: [] }, signIn, log: silent },
    noteOwnChange: async () => undefined,
    attempts: stateAttempts({ db: state.db, clock: systemClock }),
  });
  try {
    await secure.create({ email: 'joan@example.org', password: PASSWORD, name: 'Joan', role: 'viewer' });
    const server = await createHttpServer({ log: silent, version: '0', https: true });
    authRoutes(server, { accounts: secure, signIn, publicUrl });
    const answer = await server.inject({
      ...{ method: 'POST', url: '/api/auth/sign-in/email', headers: { origin: publicUrl }, remoteAddress: '10.0.2.1' },
      payload: { email: 'joan@example.org', password: PASSWORD },
    });
    expect(answer.statusCode, answer.body).toBe(200);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(answer.cookies).toMatchObject([{ name: expect.stringMatching(/^__Secure-/), httpOnly: true, secure: true }]);
  } finally {
    await secure.close();
  }
});
