import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createEvidenceFiles } from '../../src/observe/uptime/evidence/evidence-files.ts';
import { checkOnce } from '../../src/observe/uptime/testing/monitors.ts';
import { type Running, serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { DirectoryBlobStore } from '../../src/store/blob/directory.ts';

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

let keeper = createEvidenceFiles(async () => new DirectoryBlobStore(join(folder, 'blobs')), systemClock);

async function journey(body: string, keys: Record<string, unknown> = {}, browsers?: string[]) {
  const { createJourneyRunner } = (await import(BUILT)) as typeof import('../../src/journeys/index.ts');
  const journeys = createJourneyRunner({ folder: join(folder, 'runs'), keeper, ...(browsers ? { browsers } : {}) });
  const script = `export default async ({ page }) => {\n${body}\n};`;
  return checkOnce({ kind: 'browser', name: 'Search', script, timeout: '60s', ...keys }, { journeys });
}

const search = (wanted: string) => `
  await page.goto('${server.url}');
  await page.fill('#q', 'pizza');
  await page.click('button');
  await page.waitForSelector('text=${wanted}', { timeout: 1000 });`;

test('a journey that comes to its end is up, and has nothing of our environment', async () => {
  process.env['YUMOPS_TEST_LEAK'] = 'leak';
  const leak = 'if (process.env.YUMOPS_TEST_LEAK) throw new Error("leaked");';
  expect(await journey(leak + search('pizza found'))).toMatchObject({ verdict: 'up', reason: null });
  delete process.env['YUMOPS_TEST_LEAK'];
});

test('a journey that fails is down, with a picture of the page and a trace', async () => {
  const result = await journey(search('pasta found'));
  expect(result).toMatchObject({ verdict: 'down', evidence: { headers: { page: `${server.url}/` } } });
  expect(result.reason).toMatch(
    /^Expected the journey to come to its end, at http.* it failed: .*Timeout 1000ms exceeded\.$/,
  );
  const files = result.evidence?.files ?? [];
  expect(files.map(({ kind }) => kind)).toEqual(['screenshot', 'trace']);
  for (const { kind, name, bytes } of files) {
    const kept = await keeper.read(name);
    expect(kept.kind).toBe(kind);
    expect(kept.bytes).toHaveLength(bytes);
    expect(bytes).toBeGreaterThan(1_000);
  }
  expect(readdirSync(join(folder, 'runs'))).toEqual([]);
});

test('a journey that does not end shows where it hangs', async () => {
  const hung = await journey(`await page.goto('${server.url}'); await new Promise(() => {});`, { timeout: '16s' });
  expect(hung).toMatchObject({ verdict: 'down', reason: expect.stringContaining('It did not end within 16 s') });
  expect(hung.evidence?.files).toHaveLength(2);
});

test('a script that is none and a machine without a browser say nothing of the target', async () => {
  expect(await journey('', { script: 'export const nothing = 1;' })).toMatchObject({
    verdict: 'unknown',
    reason: expect.stringContaining('no default export that is a function'),
  });
  expect(await journey('', {}, ['/nowhere/chromium'])).toMatchObject({
    verdict: 'unknown',
    reason: 'This machine has no Chromium. Install it (Debian: chromium), or use kind: steps.',
  });
});

test('link-local addresses are refused; a store that takes nothing does not hide that, and is named', async () => {
  const before = keeper;
  keeper = createEvidenceFiles(() => Promise.reject(new Error('the store is away')), systemClock);
  const result = await journey("await page.goto('http://169.254.169.254/');");
  keeper = before;
  expect(result).toMatchObject({
    verdict: 'down',
    reason: expect.stringContaining('net::ERR_ACCESS_DENIED'),
    evidence: {
      files: [],
      headers: { 'not-kept': expect.stringContaining('could not be kept: the store is away') },
    },
  });
});

test('recordings go when checks do', async () => {
  expect(await keeper.expire(systemClock.now() + 60_000)).toBeGreaterThanOrEqual(2);
  expect(await keeper.expire(systemClock.now() + 60_000)).toBe(0);
  await expect(keeper.read('0123456789abcdef-0190a0b0-0000-7000-8000-000000000000.png')).rejects.toMatchObject({
    code: 'check_file_not_found',
  });
});
