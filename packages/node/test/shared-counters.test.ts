import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { RedisServer } from '../../server/test/support/redis-server.mjs';
import { RedisLock } from '../src/cron/lock.ts';
import { SecurityMonitor } from '../src/security/monitor.ts';
import { capturingLogger } from '../src/testing/capturing-logger.ts';
import { type JsonRecord, until } from '../src/testing/recording-server.ts';

const IP = '203.0.113.9';

let server: RedisServer;

interface Instance {
  monitor: SecurityMonitor;
  client: Redis;
  records: JsonRecord[];
}

function startInstance(): Instance {
  const client = new Redis(server.port, '127.0.0.1', {
    retryStrategy: () => 50,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
  });
  client.on('error', () => undefined);
  const { logger, records } = capturingLogger();
  const redis = client as unknown as NonNullable<ConstructorParameters<typeof SecurityMonitor>[0]>['redis'];
  // The machine may be busy: an answer that is a little late is not an outage.
  const monitor = new SecurityMonitor({
    logger,
    follow: false,
    redisTimeout: 2_000,
    redisRetryAfter: 50,
    ...(redis && { redis }),
  });
  return { monitor, client, records };
}

let one: Instance;
let two: Instance;

beforeAll(async () => {
  server = await RedisServer.start();
});

beforeEach(async () => {
  if (!server.runs) await server.start();
  one = startInstance();
  two = startInstance();
  await Promise.all([one, two].map(({ client }) => until(() => client.status === 'ready', 20_000)));
  await one.client.flushall();
});

afterEach(() => {
  for (const { monitor, client } of [one, two]) {
    monitor.close();
    client.disconnect();
  }
});

afterAll(() => server?.remove());

async function fail({ monitor }: Instance, count: number, account = 'alice'): Promise<void> {
  for (let index = 0; index < count; index += 1) await monitor.trackLogin({ ok: false, ip: IP, account });
}

const isOut = ({ monitor }: Instance, account = 'alice') => monitor.isBlocked(IP, account);
const storeOf = ({ monitor }: Instance) => monitor.health().store;

it('two instances count together, at the fifth failure both refuse, and a lift reaches both', async () => {
  await fail(one, 2);
  await fail(two, 2);
  expect([await isOut(one), await isOut(two)]).toEqual([false, false]);
  await fail(one, 1);
  expect([await isOut(one), await isOut(two)]).toEqual([true, true]);
  const { client } = one;
  expect(await client.keys('*alice*')).toEqual([]);
  const [key = ''] = await client.keys('*restrict:block|pair|*');
  const pair = key.split('block|pair|')[1] ?? '';
  expect(await client.pttl(key)).toBeGreaterThan(3_500_000);
  await two.monitor.unblock(pair);
  expect([await isOut(one), await isOut(two)]).toEqual([false, false]);
});

it('while Redis is dead nothing opens and each counts alone, with a warning; when it is back counts are merged', async () => {
  await fail(one, 5, 'mallory');
  await fail(one, 2);
  await fail(two, 1);
  expect(await isOut(two, 'mallory')).toBe(true);
  await server.kill();
  // What was shut out stays shut out, also where the other instance had decided it.
  expect([await isOut(one, 'mallory'), await isOut(two, 'mallory')]).toEqual([true, true]);
  await fail(one, 1);
  await fail(two, 3);
  for (const instance of [one, two]) {
    expect(storeOf(instance)).toMatchObject({ shared: 'down' });
    expect(await instance.monitor.healthCheck().run(new AbortController().signal)).toMatchObject({
      status: 'degraded',
    });
    expect(instance.records.filter(({ event }) => event === 'sys_monitor_disabled')).toHaveLength(1);
  }
  // Two failed four times, and as far as it knows one failed twice: alone it counts its own.
  await fail(two, 1);
  expect(await isOut(two)).toBe(true);

  // It comes back empty, as a cache does.
  await server.start();
  await until(() => storeOf(one).shared === 'up' && storeOf(two).shared === 'up', 20_000);
  expect(await isOut(one)).toBe(true);
  expect([await isOut(one, 'mallory'), await isOut(two, 'mallory')]).toEqual([true, true]);
  expect([storeOf(one), storeOf(two)]).toMatchObject([
    { waiting: 0, lost: 0 },
    { waiting: 0, lost: 0 },
  ]);
  expect(one.records.filter(({ event }) => event === 'sys_monitor_enabled')).toHaveLength(1);
});

it('failures during the outage count towards the threshold afterwards', async () => {
  await server.kill();
  await fail(one, 2);
  await fail(two, 2);
  await server.start();
  await until(() => storeOf(one).shared === 'up' && storeOf(two).shared === 'up', 20_000);
  await fail(one, 1);
  expect([await isOut(one), await isOut(two)]).toEqual([true, true]);
});

it('the lock of a scheduled job is held by one instance, which alone extends it and gives it back', async () => {
  const [own, other] = [one, two].map(({ client }) => new RedisLock(client as never)) as [RedisLock, RedisLock];
  expect(await own.acquire('run', 60_000)).toBe(true);
  expect(await other.acquire('run', 60_000)).toBe(false);
  await other.extend('run', 1);
  await other.release('run');
  await own.extend('run', 3_600_000);
  expect(await one.client.pttl('run')).toBeGreaterThan(60_000);
  await own.release('run');
  expect(await other.acquire('run', 60_000)).toBe(true);
});
