import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { until } from '../ingest.ts';
import {
  emptySecurityStores,
  openSecurityStores,
  type SecurityInstance,
  type SecurityStores,
  signIn,
  startSecurityInstance,
} from './security-rig.ts';

const HOUR = 3_600_000;

let stores: SecurityStores;
let platform: SecurityInstance;

beforeAll(async () => {
  stores = await openSecurityStores();
});

afterAll(() => stores.stop());

beforeEach(async () => {
  await emptySecurityStores(stores);
  platform = await startSecurityInstance(stores);
});

afterEach(() => platform.stop());

const failure = (ip: string, account: string, more = {}) => signIn(false, { ip, account, ...more });
const success = (ip: string, account: string, more = {}) => signIn(true, { ip, account, ...more });
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Sends everything, and waits until it has been looked at and what was found is written. */
async function play(events: readonly Record<string, unknown>[]) {
  await platform.send([...events, ...range(5).map(() => failure('192.0.2.254', 'marker'))]);
  await until(async () => (await platform.blocks()).some(({ value }) => value.startsWith('192.0.2.254|')));
  return {
    detections: (await platform.detections()).filter(({ keys }) => keys.ip !== '192.0.2.254'),
    blocks: (await platform.blocks()).filter(({ value }) => !value.startsWith('192.0.2.254')),
  };
}

test('spraying over 200 accounts from one address', async () => {
  const { detections, blocks } = await play(range(200).map((i) => failure('203.0.113.9', `user${i}`)));
  expect(detections).toMatchObject([{ code: 'password_spraying', count: 200, keys: { ip: '203.0.113.9' } }]);
  expect(blocks).toMatchObject([{ kind: 'ip', value: '203.0.113.9' }]);
});

test('stuffing from 500 addresses shuts nobody out who had one try', async () => {
  const { detections, blocks } = await play(range(500).map((i) => failure(`10.${i % 250}.${i >> 8}.9`, `user${i}`)));
  expect(detections).toMatchObject([{ code: 'credential_stuffing', keys: { ip: null, network: null, account: null } }]);
  expect(detections[0]?.count).toBeGreaterThanOrEqual(500);
  expect(blocks).toEqual([]);
  const { items } = await platform.get<{ items: unknown[] }>('/api/v1/security/challenges');
  expect(items).toMatchObject([{ kind: 'everyone' }]);
});

test('500 honest people behind one address: nothing is found, nobody is shut out', async () => {
  const visits = range(500).flatMap((i) => {
    const slips = range(i % 3).map(() => failure('198.51.100.7', `guest${i}`));
    return [...slips, success('198.51.100.7', `guest${i}`)];
  });
  const { detections, blocks } = await play(visits);
  expect(detections.filter(({ code }) => code !== 'failure_ratio')).toEqual([]);
  expect(blocks).toEqual([]);
});

test('their failures stand before their successes in what is sent: the times say how it went', async () => {
  const now = systemClock.now() - 60_000;
  const slips = range(1_500).map((i) => failure('198.51.100.8', `guest${i}`, { timestamp: now + 20 * i }));
  const entries = range(1_500).map((i) => success('198.51.100.8', `guest${i}`, { timestamp: now + 20 * i + 10 }));
  const { detections, blocks } = await play([...slips, ...entries]);
  expect(detections.filter(({ code }) => code !== 'failure_ratio')).toEqual([]);
  expect(blocks).toEqual([]);
});

test('a block that sign-ins from another process prove wrong, a moment later, is lifted', async () => {
  const now = systemClock.now() - 60_000;
  const at = (seconds: number) => ({ timestamp: now + 1_000 * seconds });
  await platform.send(range(12).map((i) => failure('198.51.100.9', `guest${i}`, at(i))));
  await until(async () => (await platform.blocks()).some(({ value }) => value === '198.51.100.9'));
  const { detections, blocks } = await play(range(12).map((i) => success('198.51.100.9', `guest${i}`, at(i + 0.5))));
  expect(detections.filter(({ code }) => code !== 'failure_ratio')).toEqual([]);
  expect(blocks).toEqual([]);
});

test('one guess an hour, from a day ago until now', async () => {
  const now = systemClock.now();
  const { detections, blocks } = await play(
    range(23).map((i) => failure('203.0.113.9', 'alice', { timestamp: now - (22 - i) * HOUR })),
  );
  expect(detections).toMatchObject([{ code: 'brute_force', count: 23, keys: { ip: '203.0.113.9' } }]);
  expect(blocks).toMatchObject([{ kind: 'pair' }]);
});

test('a success after many failures is a takeover', async () => {
  const { detections } = await play([
    ...range(6).map(() => failure('203.0.113.9', 'alice')),
    success('203.0.113.9', 'alice'),
  ]);
  expect(detections.find(({ code }) => code === 'account_takeover')).toMatchObject({
    severity: 'critical',
    keys: { ip: '203.0.113.9' },
  });
});

test('accounts that do not exist, paths that are refused, a journey that nobody can make', async () => {
  const geo = (country: string, lat: number, lon: number) => ({ geo: { country, lat, lon } });
  const { detections } = await play([
    ...range(20).map((i) => failure('203.0.113.9', `nobody${i}`, { reason: 'unknown_user' })),
    ...range(20).map((i) => ({
      type: 'request',
      method: 'GET',
      endpoint: `/wp/${i}`,
      statusCode: 404,
      ip: '203.0.113.8',
    })),
    signIn(true, { ip: '198.51.100.3', account: 'bob', ...geo('GB', 51.5, -0.1) }),
    signIn(true, { ip: '198.51.100.9', account: 'bob', ...geo('AU', -33.9, 151.2) }),
  ]);
  expect(new Set(detections.map(({ code }) => code))).toEqual(
    new Set(['user_enumeration', 'path_scanning', 'impossible_travel']),
  );
});
