// The live tail against the real intake: lines come in over HTTP at a steady rate while Chromium shows them, and no task of
// the tab may take longer than a fifth of a second. The last line that was sent must be on the page in the end.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startYumops } from '../../packages/server/test/support/start-yumops.mjs';
import { openSignedIn } from '../lib/signed-in.mjs';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    longest: { type: 'string', default: '200' },
  },
});
const [RATE, SECONDS, LONGEST] = [Number(values.rate), Number(values.seconds), Number(values.longest)];
/** Requests a second, as a handful of applications send them. */
const REQUESTS = 10;
const SENDERS = 8;
const ADMIN = 'soak-live-tail-admin-token-0123456789';
const KEY = 'soak-live-tail-ingest-key-0123456789';

const folder = await mkdtemp(join(tmpdir(), 'yumops-soak-live-tail-'));
await chmod(folder, 0o755);
await writeFile(join(folder, 'yumops.yml'), 'service: shop\nsign_in: {breached_passwords: false}\n');
const platform = await startYumops({
  folder,
  env: { ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: ADMIN, YUMOPS_INGEST_KEY: KEY },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
let passed = false;
try {
  const page = await openTail();
  const sent = await sendLines();
  await page
    .getByText(`tail line ${sent - 1} `)
    .first()
    .waitFor({ timeout: 15_000 });
  const result = await page.evaluate(() => window.measured);
  const tasks = result.tasks.toSorted((a, b) => b - a);
  const figures = {
    sent,
    seconds: SECONDS,
    frames: result.frames,
    longTasks: tasks.length,
    longest: Math.round(tasks[0] ?? 0),
  };
  console.log(JSON.stringify(figures));
  // A tab that hardly draws is frozen, however short its tasks are.
  passed = figures.longest < LONGEST && figures.frames > SECONDS * 5;
  console.log(passed ? 'passed' : 'failed: the tab froze');
} finally {
  await browser.close();
  await platform.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exit(passed ? 0 : 1);

async function openTail() {
  const page = await openSignedIn(browser, platform, ADMIN, '/logs?tail=on');
  await page.getByText('Following').waitFor();
  await page.evaluate(() => {
    window.measured = { tasks: [], frames: 0 };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.measured.tasks.push(duration);
    }).observe({ type: 'longtask' });
    const frame = () => {
      window.measured.frames += 1;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return page;
}

/** @returns lines that the intake has answered for */
async function sendLines() {
  const started = performance.now();
  const each = Math.ceil(RATE / REQUESTS);
  let sent = 0;
  const underWay = [];
  for (let n = 0; n < SECONDS * REQUESTS; n += 1) {
    const timestamp = new Date().toISOString();
    const lines = Array.from({ length: each }, (_, i) =>
      JSON.stringify({
        ...{ timestamp, level: 'info', message: `tail line ${sent + i} of the kitchen`, service: 'shop' },
        ...{ type: 'performance', endpoint: '/menu', method: 'GET', statusCode: 200, duration: i },
      }),
    );
    // Applications do not wait for each other; a sender that waited for each answer would measure that.
    if (underWay.length >= SENDERS) await underWay.shift();
    const sending = post(lines.join('\n'));
    // It is awaited later, and told then.
    sending.catch(() => undefined);
    underWay.push(sending);
    sent += each;
    await pause(Math.max(0, started + ((n + 1) * 1_000) / REQUESTS - performance.now()));
  }
  await Promise.all(underWay);
  const rate = Math.round(sent / ((performance.now() - started) / 1_000));
  console.log(`${sent} lines at ${rate} a second`);
  if (rate < RATE * 0.9) throw new Error(`Only ${rate} lines a second were taken in.`);
  return sent;
}

async function post(body) {
  const headers = { 'x-yumops-key': KEY };
  const answer = await fetch(`${platform.url}/ingest/ndjson`, { method: 'POST', body, headers });
  if (answer.status !== 202) throw new Error(`Refused: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}
