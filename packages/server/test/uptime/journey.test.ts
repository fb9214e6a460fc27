import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkOnce } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';

/** The process of a journey runs built code. */
const BUILT = fileURLToPath(new URL('../../dist/journeys/index.js', import.meta.url));

let folder: string;
let server: Running;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-journeys-'));
  server = await serveHttp((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(
      '<input id="q"><button onclick="out.textContent = q.value + \' found\'">Search</button><p id="out"></p>',
    );
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function journey(body: string, keys: Record<string, unknown> = {}, browsers?: string[]) {
  const { createJourneyRunner } = (await import(BUILT)) as typeof import('../../src/journeys/index.ts');
  const journeys = createJourneyRunner({ folder, ...(browsers ? { browsers } : {}) });
  const script = `export default async ({ page }) => {\n${body}\n};`;
  return checkOnce({ kind: 'browser', name: 'Search', script, timeout: '20s', ...keys }, { journeys });
}

const search = (wanted: string) => `
  await page.goto('${server.url}');
  await page.fill('#q', 'pizza');
  await page.click('button');
  await page.waitForSelector('text=${wanted}', { timeout: 500 });`;

test('a journey that comes to its end is up', async () => {
  expect(await journey(search('pizza found'))).toMatchObject({ verdict: 'up', reason: null });
});

test('a journey that fails is down, with a picture of the page and a trace', async () => {
  const result = await journey(search('pasta found'));
  expect(result).toMatchObject({ verdict: 'down', evidence: { headers: { page: `${server.url}/` } } });
  expect(result.reason).toMatch(
    /^Expected the journey to come to its end, at http.* it failed: .*Timeout 500ms exceeded\.$/,
  );
  expect(existsSync(join(folder, 'search.png'))).toBe(true);
  expect(statSync(join(folder, 'search.zip')).size).toBeGreaterThan(1_000);
});

test('a journey that does not end, a script that is none and a machine without a browser', async () => {
  expect(await journey('await new Promise(() => {});', { timeout: '2500ms' })).toMatchObject({
    verdict: 'down',
    reason: expect.stringContaining('Timed out after'),
  });
  expect(await journey('', { script: 'export const nothing = 1;' })).toMatchObject({
    verdict: 'unknown',
    reason: expect.stringContaining('no default export that is a function'),
  });
  expect(await journey('', {}, ['/nowhere/chromium'])).toMatchObject({
    verdict: 'unknown',
    reason: 'This machine has no Chromium. Install it (Debian: chromium), or use kind: steps.',
  });
});

test('a journey has nothing of our environment, and link-local addresses are refused', async () => {
  process.env['YUMOPS_TEST_LEAK'] = 'leak';
  const leak = await journey('if (process.env.YUMOPS_TEST_LEAK) throw new Error("leaked");');
  delete process.env['YUMOPS_TEST_LEAK'];
  expect(leak.verdict).toBe('up');
  expect(await journey("await page.goto('http://169.254.169.254/');")).toMatchObject({
    verdict: 'down',
    reason: expect.stringContaining('net::ERR_ACCESS_DENIED'),
  });
});
