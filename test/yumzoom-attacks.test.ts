import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildExample } from '../scripts/lib/build-steps.mjs';

/** Attacks on the live example, with the real platform behind it. */

const root = join(import.meta.dirname, '..');
const KEY = '0123456789abcdef0123456789abcdef';
const TOKEN = 'yumzoom-attacks-admin-token';
const PASSWORD = 'yumzoom-guest';

const folder = mkdtempSync(join(tmpdir(), 'yumzoom-attacks-'));
const children: ChildProcess[] = [];
let platform: string;
let site: string;

/** Starts a program and waits for the line that says where it serves. */
function start(script: string, args: string[], env: Record<string, string>, ready: RegExp): Promise<string> {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = ready.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}

beforeAll(async () => {
  chmodSync(folder, 0o755);
  await buildExample();
  platform = await start(
    'packages/server/bin/yumops.js',
    ['start', '--port', '0'],
    { YUMOPS_DATA: join(folder, 'platform'), YUMOPS_INGEST_KEY: KEY, YUMOPS_ADMIN_TOKEN: TOKEN },
    /^ready: (\S+)/,
  );
  const env = {
    PORT: '0',
    YUMZOOM_DATA: join(folder, 'site'),
    YUMZOOM_RATE: '0',
    YUMOPS_URL: platform,
    YUMOPS_KEY: KEY,
  };
  site = await start('examples/yumzoom/scripts/start.mjs', [], env, /^yumzoom ready: (\S+)$/);
}, 300_000);

afterAll(async () => {
  for (const child of children.toReversed()) {
    child.removeAllListeners('exit');
    if (child.exitCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** A sign-in as it comes through a proxy, which adds the address that it sees. */
function signIn(address: string, guest: string | number, password: string, claimed = ''): Promise<Response> {
  const email = typeof guest === 'number' ? `guest${guest}@yumzoom.example` : guest;
  return fetch(`${site}/api/session`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': claimed === '' ? address : `${claimed}, ${address}`,
    },
    body: JSON.stringify({ email, password }),
  });
}

const open = (path: string, address: string) =>
  fetch(site + path, { headers: { 'x-forwarded-for': address, accept: 'text/html' }, redirect: 'manual' });

interface Detection {
  code: string;
  keys: { ip: string | null; account: string | null };
  count: number;
}

async function ask<Answer>(path: string): Promise<Answer> {
  const answer = await fetch(platform + path, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await answer.json()) as Answer;
}

async function eventually<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`Not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const detected = (what: string, matches: (detection: Detection) => boolean) =>
  eventually(what, async () =>
    (await ask<{ items: Detection[] }>('/api/v1/security/detections?limit=1000')).items.find(matches),
  );

test('honest guests behind one address: each slips once, all get in', async () => {
  for (let guest = 1; guest <= 20; guest += 1) {
    expect((await signIn('198.51.100.7', guest, 'a slip')).status).toBe(401);
    expect((await signIn('198.51.100.7', guest, PASSWORD)).status).toBe(200);
  }
  const { items } = await ask<{ items: Detection[] }>('/api/v1/security/detections?ip=198.51.100.7');
  expect(items).toEqual([]);
}, 120_000);

test('brute force: the sixth guess is refused, also with the right password; the guest is not', async () => {
  for (let guess = 1; guess <= 5; guess += 1)
    expect((await signIn('203.0.113.9', 30, `guess ${guess}`)).status).toBe(401);
  const refused = await signIn('203.0.113.9', 30, PASSWORD);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
  expect((await signIn('198.51.100.8', 30, PASSWORD)).status).toBe(200);
  const detection = await detected(
    'brute force',
    ({ code, keys }) => code === 'brute_force' && keys.ip === '203.0.113.9',
  );
  expect(detection).toMatchObject({ count: 5 });
  const { items: blocks } = await ask<{ items: { value: string }[] }>('/api/v1/security/blocks');
  expect(blocks.map(({ value }) => value)).toContain(`203.0.113.9|${detection.keys.account}`);
}, 120_000);

test('an attacker who writes x-forwarded-for is the address that the proxy saw', async () => {
  const statuses: number[] = [];
  for (let guess = 1; guess <= 6; guess += 1) {
    statuses.push((await signIn('203.0.113.66', 31, `guess ${guess}`, `10.0.0.${guess}`)).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  await detected('brute force', ({ code, keys }) => code === 'brute_force' && keys.ip === '203.0.113.66');
}, 120_000);

test('spraying over 200 accounts ends at the tenth, with a page; others go on', async () => {
  const statuses: number[] = [];
  for (let account = 0; account < 200; account += 1) {
    statuses.push((await signIn('203.0.113.77', `someone${account}@example.com`, 'Summer2026!')).status);
  }
  expect(statuses.indexOf(429)).toBe(10);
  expect(statuses.slice(10).every((status) => status === 429)).toBe(true);
  const page = await open('/', '203.0.113.77');
  expect(page.status).toBe(429);
  expect(await page.text()).toContain('Too many attempts');
  expect((await open('/', '203.0.113.78')).status).toBe(200);
  await detected('enumeration', ({ code, keys }) => code === 'user_enumeration' && keys.ip === '203.0.113.77');
}, 120_000);

test('a block that is set in the console reaches the site, and so does its lifting', async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const made = await fetch(`${platform}/api/v1/security/blocks`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ kind: 'network', value: '192.0.2.0/24', why: 'test' }),
  });
  const { id } = (await made.json()) as { id: string };
  const statusOf = async () => (await open('/', '192.0.2.44')).status;
  await eventually('the block', async () => ((await statusOf()) === 429 ? true : undefined));
  await fetch(`${platform}/api/v1/security/blocks/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await eventually('its end', async () => ((await statusOf()) === 200 ? true : undefined));
}, 120_000);

test('stuffing from many addresses is found; a guest is asked to wait, not refused', async () => {
  const bots = Array.from(
    { length: 55 },
    (_, bot) => () => signIn(`10.${bot}.7.9`, `leaked${bot}@example.com`, 'letmein'),
  );
  // A few at a time: each costs the site a password hash.
  for (let from = 0; from < bots.length; from += 5) await Promise.all(bots.slice(from, from + 5).map((bot) => bot()));
  await detected('stuffing', ({ code }) => code === 'credential_stuffing');
  expect((await signIn('198.51.100.20', 33, PASSWORD)).status).toBe(200);
  const { items } = await ask<{ items: { kind: string }[] }>('/api/v1/security/challenges');
  expect(items.map(({ kind }) => kind)).toContain('everyone');
}, 120_000);
