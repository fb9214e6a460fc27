// How long a person waits for the first page of the log over the rows of the query bench: in Chromium, from the address to
// the first line on the screen, and to the whole of a line that was clicked. The interactive page may take a second.
// `--data FOLDER` takes rows that `npm run bench -- query --data FOLDER --load-only` has loaded; left out, they are loaded.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startYumops } from '../../packages/server/test/support/start-yumops.mjs';
import { openSignedIn } from '../../scripts/lib/signed-in.mjs';
import { openStores, settled } from '../query/stores.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    repeats: { type: 'string', default: '9' },
    data: { type: 'string' },
  },
});
const ROWS = Number(values.rows);
const ADMIN = 'bench-log-page-admin-token-0123456789';
const DAY = 86_400_000;
/** Milliseconds. */
const GOAL = 1_000;

const folder = await mkdtemp(join(tmpdir(), 'yumops-bench-log-page-'));
await chmod(folder, 0o755);
await writeFile(join(folder, 'yumops.yml'), 'service: shop\nsign_in: {breached_passwords: false}\n');
const stops = [() => rm(folder, { recursive: true, force: true })];
try {
  const stores = await openStores(resolve(values.data ?? join(folder, 'rows')), { rows: ROWS, postgresRows: 0 }, stops);
  await settled(stores);
  const platform = await startYumops({
    folder,
    env: {
      ...process.env,
      ...{ YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: ADMIN, YUMOPS_TELEMETRY_URL: stores.url },
    },
  });
  stops.push(() => platform.stop());
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  stops.push(() => browser.close());
  const result = {
    date: new Date().toISOString(),
    machine: { cpus: cpus().length, load: loadavg()[0] },
    versions: { node: process.version, chromium: browser.version() },
    rows: ROWS,
    ...(await visits(browser, platform, stores.end)),
  };
  console.log(JSON.stringify(result, null, 2));
  await writeFile(
    fileURLToPath(new URL('../results/log-page.json', import.meta.url)),
    `${JSON.stringify(result, null, 2)}\n`,
  );
} finally {
  for (const stop of stops.reverse()) await stop();
}

/** Visits the page of a day with as many lines again and again, each time from the address on. */
async function visits(browser, platform, end) {
  const range = new URLSearchParams({
    from: new Date(end - DAY).toISOString(),
    to: new Date(end + 1_000).toISOString(),
  });
  const path = `/logs?${range}`;
  const page = await openSignedIn(browser, platform, ADMIN, path);
  const firstLine = page.locator('.log-line').first();
  await firstLine.waitFor({ timeout: 60_000 });
  const times = { line: [], interactive: [] };
  for (let n = 0; n < Number(values.repeats); n += 1) {
    const since = performance.now();
    await page.goto(platform.url + path, { waitUntil: 'commit' });
    await firstLine.waitFor();
    times.line.push(performance.now() - since);
    await firstLine.click();
    await page.locator('.log-line[data-current=true]').waitFor();
    times.interactive.push(performance.now() - since);
  }
  return Object.fromEntries(Object.entries(times).map(([what, all]) => [what, shown(all)]));
}

function shown(times) {
  const sorted = times.toSorted((a, b) => a - b).map(Math.round);
  const p50 = sorted[Math.floor(sorted.length / 2)];
  return { p50, worst: sorted.at(-1), goal: GOAL, met: p50 <= GOAL };
}
