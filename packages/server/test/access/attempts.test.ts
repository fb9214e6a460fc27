import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAccounts } from '../../src/access/accounts.ts';
import { type AttemptCounter, hideKeys, stateAttempts } from '../../src/access/attempts.ts';
import { authRoutes } from '../../src/http/auth.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock, systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { RedisAttempts } from '../../src/store/counters/index.ts';
import { startTestState, type TestState } from '../engines.ts';
import { RedisServer } from '../support/redis-server.mjs';

const PUBLIC_URL = 'http://ops.example.test';
const RULE = { window: 60, max: 10 };
const clock = new FakeClock(Date.UTC(2026, 4, 4));

const silent = createLog(systemClock, () => undefined);

let state: TestState;
let redis: RedisServer;
const open: RedisAttempts[] = [];

beforeAll(async () => {
  [state, redis] = await Promise.all([startTestState(), RedisServer.start()]);
});

afterAll(async () => {
  for (const counter of open) await counter.close();
  await Promise.all([state.stop(), redis.remove()]);
});

/** A counter as one instance has it. */
async function onRedis(): Promise<RedisAttempts> {
  const counter = new RedisAttempts(`redis://127.0.0.1:${redis.port}`, { spare: inState(), log: silent });
  open.push(counter);
  await counter.open();
  return counter;
}
const inState = () => stateAttempts({ db: state.db, clock });

const COUNTERS: readonly [string, () => Promise<AttemptCounter>][] = [
  ['the state store', async () => inState()],
  ['Redis', onRedis],
];

describe.each(COUNTERS)('counted in %s', (name, counter) => {
  test('two instances let no more than the limit through, however many come at once', async () => {
    const [one, other] = [await counter(), await counter()];
    const asked = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? one : other).consume(`${name} many`, RULE),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(RULE.max);
    const refused = answers.filter(({ allowed }) => !allowed);
    expect(refused.every(({ retryAfter }) => (retryAfter ?? 0) > 0 && (retryAfter ?? 0) <= RULE.window)).toBe(true);
    expect(await one.consume(`${name} another`, RULE)).toEqual({ allowed: true, retryAfter: null });
  });
});

test('a window that has ended begins anew, and leaves no row behind', async () => {
  const counter = inState();
  for (let count = 0; count < RULE.max; count += 1) await counter.consume('again', RULE);
  expect(await counter.consume('again', RULE)).toEqual({ allowed: false, retryAfter: 60 });
  await clock.advance(59_000);
  expect(await counter.consume('again', RULE)).toEqual({ allowed: false, retryAfter: 1 });
  await clock.advance(1_000);
  expect(await counter.consume('again', RULE)).toEqual({ allowed: true, retryAfter: null });
  await clock.advance(61_000);
  await counter.consume('someone else', RULE);
  expect(await state.db.query('SELECT key FROM attempts')).toEqual([{ key: 'someone else' }]);
});

test('Redis forgets a window when it ends', async () => {
  const counter = await onRedis();
  const short = { window: 1, max: 1 };
  await counter.consume('short', short);
  expect((await counter.consume('short', short)).allowed).toBe(false);
  await expect.poll(async () => (await counter.consume('short', short)).allowed).toBe(true);
});

test('with Redis killed attempts are counted in the state store, and it says so; then Redis counts again', async () => {
  const [one, other] = [await onRedis(), await onRedis()];
  expect(await one.trouble()).toBeNull();
  await redis.kill();
  const answers = [];
  for (let count = 0; count < 16; count += 1) answers.push(await (count % 2 ? one : other).consume('outage', RULE));
  expect(answers.filter(({ allowed }) => allowed)).toHaveLength(RULE.max);
  expect(await one.trouble()).toMatch(/^The counter store at 127\.0\.0\.1:\d+ does not answer \(.+\); attempts are/);
  await redis.start();
  await expect.poll(() => one.trouble()).toBeNull();
  expect(await one.consume('outage', RULE)).toEqual({ allowed: true, retryAfter: null });
});

test('what is kept does not name an address', async () => {
  await hideKeys(inState(), 'k'.repeat(32)).consume('203.0.113.9|/sign-in/email', RULE);
  const rows = await state.db.query<{ key: string }>('SELECT key FROM attempts');
  expect(rows.some(({ key }) => /^[0-9a-f]{32}$/.test(key))).toBe(true);
  expect(rows.some(({ key }) => key.includes('203.0.113.9'))).toBe(false);
});

test('guesses that go to two instances by turns are refused after the tenth', async () => {
  const signIn = { breachedPasswords: false, providers: [] };
  const instances = await Promise.all(
    [1, 2].map(async () => {
      const accounts = await openAccounts({
        ...{ stateUrl: state.url, publicUrl: PUBLIC_URL, keyring: { current: 'x'.repeat(32), previous: [] } },
        ...{ signIn, noteOwnChange: async () => undefined, attempts: inState(), log: silent },
      });
      const app = await createHttpServer({ log: silent, version: '0' });
      authRoutes(app, { accounts, signIn, publicUrl: PUBLIC_URL });
      return { accounts, app };
    }),
  );
  const statuses: number[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    const { app } = instances[turn % 2] as (typeof instances)[number];
    const { statusCode } = await app.inject({
      ...{ method: 'POST', url: '/api/auth/sign-in/email', headers: { origin: PUBLIC_URL } },
      ...{ remoteAddress: '198.51.100.7', payload: { email: 'ada@example.com', password: `guess number ${turn}` } },
    });
    statuses.push(statusCode);
  }
  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  for (const { accounts, app } of instances) await Promise.all([accounts.close(), app.close()]);
});
