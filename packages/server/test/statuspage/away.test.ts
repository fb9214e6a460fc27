import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedPlatform } from '../support/engine-templates.mjs';
import { startStrictS3 } from '../support/strict-s3.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'yumops.js');
const TOKEN = 'away-test-admin-token';
const MONITOR = 'edge-probe-eu1';

let folder: string;
let browser: Browser;
const running = new Set<ChildProcess>();

/** Starts a command in a process group of its own and waits for its `ready:` line. */
function start(args: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  running.add(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      reject(new Error(`yumops ${args[0]} ended with ${signal ?? code}`));
    });
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (line.startsWith('ready:')) resolve({ child, url: line.slice(6).trim().split(' ')[0] ?? '' });
    });
  });
}

function writeConfig(snapshot: string): Promise<void> {
  return writeFile(
    join(folder, 'yumops.yml'),
    `service: shop
monitors: [{name: ${MONITOR}, url: "http://127.0.0.1:9/", check_interval: 60}]
status_page:
  title: Shop status
  components: [{name: Website, monitors: [${MONITOR}]}]
  snapshot: "${snapshot}"
`,
  );
}

async function publish(url: string): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const post = { title: 'Checkout is slow', body: 'We are looking into it.', publish: true };
  const made = await fetch(`${url}/api/v1/status/posts`, {
    ...{ method: 'POST', headers, body: JSON.stringify(post) },
  });
  expect(made.status).toBe(201);
}

/** The engines notice that the platform is gone, or are orphans: in either case nobody answers any more. */
async function silent(url: string): Promise<void> {
  const state = () =>
    fetch(url).then(
      () => 'answers',
      () => 'silent',
    );
  await expect.poll(state, { timeout: 30_000 }).toBe('silent');
}

function kill(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  return gone;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-away-'));
  await chmod(folder, 0o755);
  await Promise.all([writeConfig('file:./copy'), seedPlatform(join(folder, 'data'))]);
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
});

afterAll(async () => {
  await browser.close();
  await Promise.all([...running].map(kill));
  await rm(folder, { recursive: true, force: true });
});

test('a visitor without script reads the page, also when every process of the platform was killed', async () => {
  const platform = await start(['start', '--config', folder, '--port', '0']);
  await publish(platform.url);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => faults.push(message.text()));
  const live = await page.goto(`${platform.url}/status`);
  expect(live?.status()).toBe(200);
  expect(await page.getByRole('heading', { name: 'Checkout is slow' }).count()).toBe(1);
  expect(await page.getByRole('img', { name: /^Website:/ }).count()).toBe(1);
  expect(await page.content()).not.toContain(MONITOR);
  const index = join(folder, 'copy', 'index.html');
  await expect.poll(() => readFile(index, 'utf8').catch(() => ''), { timeout: 30_000 }).toContain('Checkout is slow');

  await kill(platform.child);
  await silent(platform.url);
  const copy = await start(['status-page', 'serve', '--from', join(folder, 'copy'), '--port', '0']);
  for (const path of ['/', '/status', '/status/history', '/api/v2/summary.json', '/status/feed.atom']) {
    const answer = await fetch(copy.url + path);
    expect(answer.status, path).toBe(200);
    expect(await answer.text(), path).not.toContain(MONITOR);
  }
  await page.goto(copy.url);
  expect(await page.getByRole('heading', { name: 'Checkout is slow' }).count()).toBe(1);
  expect(await page.getByText('does not answer at the moment').count()).toBe(0);
  await page.getByRole('link', { name: 'Checkout is slow' }).click();
  expect(await page.getByText('We are looking into it.').count()).toBe(1);
  for (const path of ['/../yumops.yml', '/%2e%2e/yumops.yml', '/nothing', '/.~x.html']) {
    expect((await fetch(copy.url + path)).status, path).toBe(404);
  }

  const { atimeMs } = await stat(index);
  await utimes(index, atimeMs / 1_000, Date.now() / 1_000 - 1_800);
  const old = await start(['status-page', 'serve', '--from', join(folder, 'copy'), '--port', '0']);
  await page.goto(old.url);
  expect(await page.getByText('You see what was known 30 minutes ago.').count()).toBe(1);
  expect(faults).toEqual([]);
  await context.close();
}, 180_000);

test('a bucket keeps the copy for browsers and caches, and serves it when every process was killed', async () => {
  const s3 = await startStrictS3();
  try {
    await writeConfig(s3.url);
    const platform = await start(['start', '--config', folder, '--port', '0']);
    await publish(platform.url);
    const read = (path: string) => fetch(`${s3.website}/${path}`);
    await expect.poll(async () => (await read('')).text(), { timeout: 30_000 }).toContain('Checkout is slow');
    await kill(platform.child);
    await silent(platform.url);
    for (const [path, type] of [
      ['', 'text/html; charset=utf-8'],
      ['history.html', 'text/html; charset=utf-8'],
      ['feed.rss', 'application/rss+xml; charset=utf-8'],
      ['feed.atom', 'application/atom+xml; charset=utf-8'],
      ['api/v2/summary.json', 'application/json; charset=utf-8'],
      ['status.js', 'text/javascript; charset=utf-8'],
    ] as const) {
      const answer = await read(path);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, type]);
      expect(answer.headers.get('cache-control'), path).toMatch(/^public, max-age=(15|300), .*stale-if-error=86400$/);
      expect(await answer.text(), path).not.toContain(MONITOR);
    }
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(`${s3.website}/index.html`);
    await page.getByRole('link', { name: 'Checkout is slow' }).click();
    expect(await page.getByText('We are looking into it.').count()).toBe(1);
    await page.close();
    const copy = await start(['status-page', 'serve', '--from', s3.url, '--port', '0']);
    expect(await (await fetch(copy.url)).text()).toContain('Checkout is slow');
  } finally {
    await s3.stop();
  }
}, 180_000);
