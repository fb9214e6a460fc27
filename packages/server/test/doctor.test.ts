import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkModes } from '../src/cli/doctor/machine.ts';
import { checkStores } from '../src/cli/doctor/stores.ts';
import { readSettings } from '../src/config/settings.ts';
import { type Clock, FakeClock, systemClock } from '../src/lib/clock.ts';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from './engines.ts';
import { RedisServer } from './support/redis-server.mjs';

let folder: string;
let state: TestState;
let telemetry: TestTelemetry;
let redis: RedisServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-doctor-'));
  [state, telemetry, redis] = await Promise.all([startTestState(), startTestTelemetry(), RedisServer.start()]);
});

afterAll(async () => {
  await Promise.all([state.stop(), telemetry.stop(), redis.remove()]);
  await rm(folder, { recursive: true });
});

const stores = (env: Record<string, string>, clock?: Clock) => checkStores(readSettings({ data: folder }, env), clock);
const all = () => ({
  YUMOPS_STATE_URL: state.url,
  YUMOPS_TELEMETRY_URL: telemetry.url,
  YUMOPS_COUNTER_URL: `redis://127.0.0.1:${redis.port}`,
  YUMOPS_BLOB_URL: `file:${folder}`,
});

test('stores by URL say their versions, and their clocks agree', async () => {
  const found = await stores(all());
  expect(found.map(({ name, status }) => `${name}: ${status}`)).toEqual([
    ...['state store: ok', 'telemetry store: ok', 'counter store: ok', 'blob store: ok'],
  ]);
  const clock = ', its clock agrees with this machine\\.$';
  expect(found[0]?.message).toMatch(new RegExp(`^Postgres 18\\.\\d+${clock}`));
  expect(found[1]?.message).toMatch(new RegExp(`^ClickHouse 2\\d\\.\\S+${clock}`));
  expect(found[2]?.message).toMatch(new RegExp(`^Redis \\d+\\.\\S+${clock}`));
});

test.each([
  [10, 'warning', 'behind'],
  [90, 'problem', 'behind'],
  [-90, 'problem', 'ahead of'],
])('a machine whose clock is %d s off', async (seconds, status, words) => {
  const { YUMOPS_BLOB_URL, ...withClocks } = all();
  const found = await stores(withClocks, new FakeClock(systemClock.now() + seconds * 1_000));
  expect(found.map((one) => one.status)).toEqual([status, status, status]);
  for (const { message, hint } of found) {
    expect(message).toMatch(new RegExp(`is \\d+\\.\\d s ${words} this machine`));
    expect(hint).toContain('time server');
  }
});

test('a store that is not there, and one that is too old', async () => {
  const server = createServer((_request, response) =>
    response.end(JSON.stringify({ meta: [{ name: 'version' }, { name: 'now' }], data: [['23.8.1', Date.now()]] })),
  );
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const port = (server.address() as AddressInfo).port;
  const [gone, old] = await stores({
    YUMOPS_STATE_URL: 'postgres://yumops:secret-word@127.0.0.1:1/yumops',
    YUMOPS_TELEMETRY_URL: `http://127.0.0.1:${port}`,
  });
  expect(gone).toMatchObject({
    name: 'state store',
    status: 'problem',
    hint: 'See that it runs, and YUMOPS_STATE_URL.',
  });
  expect(gone?.message).not.toContain('secret-word');
  expect(old).toMatchObject({ status: 'warning', hint: 'Move to ClickHouse 25 or later: older ones are not tried.' });
  await new Promise((closed) => server.close(closed));
});

test('embedded stores are not asked', async () => {
  expect(await stores({})).toEqual([]);
});

test('what other users of the machine may read is named', async () => {
  const data = join(folder, 'data');
  await mkdir(join(data, 'spool'), { recursive: true, mode: 0o700 });
  await writeFile(`${data}.key`, 'key', { mode: 0o600 });
  const modes = () => checkModes(readSettings({ data }, {}));
  expect(await modes()).toMatchObject({ status: 'ok' });
  await chmod(`${data}.key`, 0o644);
  await chmod(join(data, 'spool'), 0o755);
  expect(await modes()).toMatchObject({
    status: 'problem',
    message: `Other users of this machine may enter ${data}/spool, ${data}.key.`,
  });
});
