import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BIN, type RunningPlatform, startYumops } from '../support/start-yumops.mjs';

const ADMIN = 'personal-data-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';
const PERSON = 'user-4711';
const ADDRESS = '198.51.100.23';

let folder: string;
let platform: RunningPlatform;

const environment = () => ({
  ...process.env,
  YUMOPS_DATA: join(folder, 'data'),
  YUMOPS_ADMIN_TOKEN: ADMIN,
  YUMOPS_INGEST_KEY: KEY,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-personal-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'yumops.yml'), 'service: shop\n');
  platform = await startYumops({ folder, env: environment() });
  await send();
}, 120_000);

afterAll(async () => {
  await platform.stop();
  await rm(folder, { recursive: true, force: true });
});

async function post(path: string, body: string, headers: Record<string, string>): Promise<Response> {
  const answer = await fetch(platform.url + path, { method: 'POST', body, headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** Requests are lines of the log too. Rows of the person, of the address, and of others whose names and addresses look much the same. */
async function send(): Promise<void> {
  const timestamp = Date.now();
  const records = [
    { timestamp, level: 'info', message: 'signed in', userId: PERSON },
    { timestamp, level: 'info', message: `order of ${PERSON} shipped` },
    { timestamp, level: 'info', message: 'has an attribute', customer: { id: PERSON } },
    { timestamp, level: 'info', message: 'address', ip: ADDRESS },
    { timestamp, level: 'info', message: `called from ${ADDRESS}, twice` },
    { timestamp, level: 'info', message: 'another', userId: `${PERSON}1` },
    { timestamp, level: 'info', message: `order of ${PERSON}1 shipped`, ip: `${ADDRESS}4` },
    { type: 'request', timestamp, method: 'GET', endpoint: '/me', statusCode: 200, duration: 5, userId: PERSON },
    { type: 'request', timestamp, method: 'GET', endpoint: '/me', statusCode: 200, duration: 5, userId: 'other' },
    { type: 'security', timestamp, level: 'warn', event: 'failed_authentication', account: PERSON, ip: '192.0.2.1' },
    { type: 'security', timestamp, level: 'warn', event: 'failed_authentication', account: 'other', ip: '192.0.2.1' },
  ];
  await post('/ingest/ndjson', records.map((record) => `${JSON.stringify(record)}\n`).join(''), {
    'x-yumops-key': KEY,
  });
  const event = { event_id: 'a'.repeat(32), message: 'broken', user: { id: PERSON }, timestamp: timestamp / 1_000 };
  const envelope = [{ event_id: event.event_id }, { type: 'event' }, event]
    .map((part) => JSON.stringify(part))
    .join('\n');
  await post(`/api/1/envelope/?sentry_key=${KEY}`, envelope, {});
}

async function count(where: string, relation = 'application_logs'): Promise<number> {
  const answer = await post(
    '/api/v1/query',
    JSON.stringify({ sql: `SELECT count() FROM ${relation} WHERE ${where}` }),
    {
      authorization: `Bearer ${ADMIN}`,
      'content-type': 'application/json',
    },
  );
  return ((await answer.json()) as { rows: [[number]] }).rows[0][0];
}

const yumops = (...args: string[]) =>
  promisify(execFile)(process.execPath, [BIN, ...args], { cwd: folder, env: environment() });

test('an export has every relation and the state, without what opens something', async () => {
  await expect.poll(() => count('1', 'requests')).toBe(2);
  await expect.poll(() => count('1', 'error_events')).toBe(1);
  await expect.poll(() => count('1')).toBe(11);
  const out = join(folder, 'export');
  const { stdout } = await yumops('export', '--out', out);
  expect(stdout).toMatch(/rows in \d+ files/);
  const logs = (await readFile(join(out, 'telemetry', 'application_logs.ndjson'), 'utf8')).trim().split('\n');
  expect(logs).toHaveLength(11);
  expect(JSON.parse(logs[0] as string)).toHaveProperty('message');
  const state = await readdir(join(out, 'state'));
  expect(state).toContain('audit_log.ndjson');
  const tokens = await readFile(join(out, 'state', 'api_tokens.ndjson'), 'utf8');
  expect(tokens).not.toMatch(/[0-9a-f]{64}/);
});

test('a person is erased everywhere, and nobody else is', async () => {
  const { stdout } = await yumops('erase', '--user', PERSON, '--json');
  const receipt = JSON.parse(stdout);
  expect(receipt.subject).toBe(createHash('sha256').update(`user:${PERSON}`).digest('hex'));
  expect(stdout).not.toContain(PERSON);
  expect(receipt.removed).toMatchObject({ logs: 5, request_rows: 1, error_event_rows: 1, security_event_rows: 1 });
  expect(await count('1')).toBe(6);
  expect(await count('1', 'security_events')).toBe(1);
  expect(await count(`userId = '${PERSON}1'`)).toBe(1);
  expect(await count('1', 'requests')).toBe(1);
  expect(await count('1', 'error_events')).toBe(0);
  const again = JSON.parse((await yumops('erase', '--user', PERSON, '--json')).stdout);
  expect(again.removed).toEqual({});
});

test('an address is erased, and not one that begins like it', async () => {
  const { stdout } = await yumops('erase', '--ip', ADDRESS);
  expect(stdout).toMatch(/logs: 2 rows/);
  expect(await count(`ip = '${ADDRESS}4'`)).toBe(1);
  const { stdout: audited } = await yumops('audit', '--action', 'personal_data.erase', '--json');
  expect(JSON.parse(audited).items).toHaveLength(3);
  expect(audited).not.toContain(ADDRESS);
});

test.each([
  [['erase'], /either --user or --ip/],
  [['erase', '--ip', "1.2.3.4' OR 1=1"], /is no address/],
])('%j is refused', async (args, why) => {
  await expect(yumops(...args)).rejects.toMatchObject({ stderr: expect.stringMatching(why) });
});
