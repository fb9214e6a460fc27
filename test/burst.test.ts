import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type {
  AlertDetail,
  ErrorEventDetail,
  ErrorIssue,
  ErrorIssueDetail,
  InboxMessage,
  Monitor,
  Page,
} from '@yumops/protocol';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../packages/server/src/engines/free-port.ts';

const root = join(import.meta.dirname, '..');
const TOKEN = 'burst-test-admin-token';
const data = mkdtempSync(join(tmpdir(), 'yumops-burst-'));
// The engines' own user must be able to enter, or their data would be put, and stay, elsewhere.
chmodSync(data, 0o755);

let child: ChildProcess;
let yumops: string;
let yumzoom: string;

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(yumops + path, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(response.status, path).toBe(200);
  return (await response.json()) as Answer;
}

/** Asks again until the answer is there, at most `seconds`. */
async function eventually<T>(seconds: number, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`Not within ${seconds} s: ${what}`);
}

async function flip(on: boolean, fault = 'error_burst'): Promise<void> {
  const response = await fetch(`${yumzoom}/api/ops/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault, on }),
  });
  expect(response.status).toBe(200);
}

/** Waits for a message of each channel whose title matches. */
function told(title: RegExp): Promise<InboxMessage[]> {
  return eventually(120, `${title} in Slack and e-mail`, async () => {
    const { items } = await get<Page<InboxMessage>>('/api/v1/demo-inbox');
    const matching = items.filter((message) => title.test(message.title) && message.text.includes('High Error Rate'));
    const channels = new Set(matching.map((message) => message.channel));
    return channels.has('slack') && channels.has('email') ? matching : undefined;
  });
}

beforeAll(async () => {
  const env = {
    ...process.env,
    YUMOPS_ADMIN_TOKEN: TOKEN,
    YUMOPS_CONFIG: join(root, 'testdata', 'burst'),
    YUMOPS_DATA: join(data, 'data'),
    YUMOPS_PORT: String(await freePort()),
    YUMZOOM_PORT: String(await freePort()),
  };
  child = spawn(process.execPath, ['scripts/start.mjs'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  yumops = `http://127.0.0.1:${env.YUMOPS_PORT}`;
  yumzoom = `http://127.0.0.1:${env.YUMZOOM_PORT}`;
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
    lines.on('line', (line) => line.startsWith('ready:') && resolve());
  });
}, 180_000);

afterAll(async () => {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
  rmSync(data, { recursive: true, force: true });
});

test('an error in the browser of a visitor is shown as it was written, also when the page closes at once', {
  timeout: 120_000,
}, async () => {
  await flip(true, 'broken_script');
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(`${yumzoom}/restaurants/12`);
    await page.waitForFunction('sessionStorage.length > 0');
    await page.getByRole('button', { name: 'Share' }).click();
    await page.close({ runBeforeUnload: true });
  } finally {
    await browser.close();
    await flip(false, 'broken_script');
  }
  const issue = await eventually(60, 'the error', async () => {
    const { items } = await get<Page<ErrorIssue>>('/api/v1/errors');
    return items.find((error) => error.platform === 'javascript');
  });
  const { latestEventId } = await get<ErrorIssueDetail>(`/api/v1/errors/${issue.id}`);
  const { frames, transaction } = await get<ErrorEventDetail>(`/api/v1/events/${latestEventId}`);
  expect([issue.type, issue.unhandled, transaction]).toEqual(['TypeError', true, '/restaurants/[id]']);
  const source = (file: string) => readFileSync(join(root, 'examples', 'yumzoom', file), 'utf8').split('\n');
  const thrown = frames.at(-1);
  expect(thrown).toMatchObject({ filename: expect.stringMatching(/lib\/restaurants\/link\.ts$/), function: 'linkOf' });
  expect(thrown?.context_line).toBe(source('lib/restaurants/link.ts')[(thrown?.lineno ?? 0) - 1]);
  expect(thrown?.context_line).toContain('const { id, name } = restaurant');
});

test('a burst of errors reaches Slack and e-mail, says why, and everyone is told of its end', {
  timeout: 300_000,
}, async () => {
  await eventually(60, 'the homepage monitor is up', async () => {
    const { items } = await get<Page<Monitor>>('/api/v1/monitors');
    return items.find((monitor) => monitor.name === 'YumZoom Homepage' && monitor.state === 'up');
  });

  await flip(true);
  const firing = await told(/firing/i);
  expect(firing.map((message) => message.to)).toEqual(expect.arrayContaining(['#alerts', 'devops@yumzoom.com']));

  const { items } = await get<Page<{ id: string; rule: string }>>('/api/v1/alerts?state=firing');
  const id = items.find((alert) => alert.rule === 'High Error Rate')?.id;
  const alert = await get<AlertDetail>(`/api/v1/alerts/${id}`);
  expect(alert.summary).toMatch(/% of .*requests/);
  expect(alert.timeline.every((entry) => entry.reason.length > 0)).toBe(true);

  await flip(false);
  await told(/resolved/i);
  const after = await get<AlertDetail>(`/api/v1/alerts/${id}`);
  expect(after.state).toBe('resolved');
  expect(after.notifications.map((sent) => `${sent.channel} ${sent.target} ${sent.kind}`).sort()).toEqual([
    'email devops@yumzoom.com firing',
    'email devops@yumzoom.com resolved',
    'slack #alerts firing',
    'slack #alerts resolved',
  ]);
});
