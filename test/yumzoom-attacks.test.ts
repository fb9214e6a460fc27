import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildExample } from '../scripts/lib/build-steps.mjs';
import { eventually, type LiveExample, startLiveExample } from './live-example.mjs';
import { guessing, sharedAddress, slowGuessing, spraying, stuffing } from './simulated-attacks.mjs';

/** Attacks on the live example, with the real platform behind it. `npm run soak -- attacks` makes them large. */

const folder = mkdtempSync(join(tmpdir(), 'yumzoom-attacks-'));
let live: LiveExample;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  await buildExample();
  live = await startLiveExample(folder);
}, 300_000);

afterAll(async () => {
  await live?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** An attack may go one attempt beyond what its detector takes. */
function expectInTime({ threshold, detectedAfter }: { threshold: number; detectedAfter: number }): void {
  expect(detectedAfter).toBeGreaterThanOrEqual(threshold);
  expect(detectedAfter).toBeLessThanOrEqual(threshold + 1);
}

test('honest guests behind one address: they slip, and all get in', async () => {
  expect(await sharedAddress(live, 20)).toEqual({ lockedOut: 0, detections: 0 });
}, 120_000);

test('brute force: the sixth guess is refused, also with the right password; the guest is not', async () => {
  const found = await guessing(live, { address: '203.0.113.9', guest: 30 });
  expect(found).toMatchObject({ statuses: [401, 401, 401, 401, 401, 429], threshold: 5, honest: 200 });
  expectInTime(found);
  const again = await live.signIn('203.0.113.9', 30, 'one more');
  expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(3_500);
  const { items } = await live.call<{ items: { value: string }[] }>('GET', '/api/v1/security/blocks');
  expect(items.map(({ value }) => value)).toContain(`203.0.113.9|${found.detection.keys.account}`);
}, 120_000);

test('an attacker who writes x-forwarded-for is the address that the proxy saw', async () => {
  const found = await guessing(live, { address: '203.0.113.66', guest: 31, spoof: true });
  expect(found).toMatchObject({ statuses: [401, 401, 401, 401, 401, 429], threshold: 5, honest: 200 });
  expectInTime(found);
  expect(await live.detections('ip=10.0.0.1')).toEqual([]);
}, 120_000);

test('spraying over 200 accounts ends at the tenth, with a page; others go on', async () => {
  const { page, ...found } = await spraying(live, 200);
  expect(found).toMatchObject({ refusedAfter: 10, refused: 190, threshold: 10, honest: 200 });
  expectInTime(found);
  expect(page.status).toBe(429);
  expect(await page.text()).toContain('Too many attempts');
  expect((await live.open('/', '203.0.113.78')).status).toBe(200);
}, 120_000);

test('a guess an hour is found by the day, and then refused at the site; the guest gets in', async () => {
  const found = await slowGuessing(live);
  expect(found).toMatchObject({ statuses: [401, 401], threshold: 20, honest: 200 });
  expectInTime(found);
}, 120_000);

test('a block that is set in the console reaches the site, and so does its lifting', async () => {
  const { id } = await live.call<{ id: string }>('POST', '/api/v1/security/blocks', {
    ...{ kind: 'network', value: '192.0.2.0/24', why: 'test' },
  });
  const statusOf = async () => (await live.open('/', '192.0.2.44')).status;
  await eventually('the block', async () => ((await statusOf()) === 429 ? true : undefined));
  await live.call('DELETE', `/api/v1/security/blocks/${id}`);
  await eventually('its end', async () => ((await statusOf()) === 200 ? true : undefined));
}, 120_000);

test('stuffing from many addresses is found; a guest is asked to wait, not refused', async () => {
  const found = await stuffing(live, 55);
  expect(found).toMatchObject({ blocked: 0, honest: 200 });
  expectInTime(found);
  expect(found.challenged).toContain('everyone');
}, 120_000);

test('nothing was found of the honest guests in the meantime', async () => {
  const found = await live.detections('ip=198.51.100.7');
  expect(found.filter(({ code }) => code !== 'failure_ratio')).toEqual([]);
});

test('the Security page tells of the attack, its evidence, and who is shut out', async () => {
  const [email, password] = ['ada@yumzoom.example', 'correct horse battery staple'];
  await live.call('POST', '/api/v1/users', { email, password, name: 'Ada', role: 'responder' });
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    page.setDefaultTimeout(60_000);
    await page.goto(`${live.platform}/sign-in?return=/security`);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await page
      .getByRole('region', { name: 'Now' })
      .getByText(/attacks within the last 15 minutes; \d+ blocks in force/)
      .waitFor();
    const attack = page.getByRole('link', { name: /Password spraying 203\.0\.113\.77/ });
    expect(await attack.innerText()).toMatch(/High[\s\S]*failed on 10 accounts[\s\S]*10 events[\s\S]*goes on/);
    await attack.click();
    const details = page.getByRole('complementary', { name: 'Attack' });
    await details.getByText('Shut out').waitFor();
    expect(await details.getByRole('definition').allInnerTexts()).toEqual(
      expect.arrayContaining(['203.0.113.77', '10']),
    );
    expect(await details.getByRole('listitem').count()).toBe(10);
    await details.getByRole('link', { name: 'See the blocks' }).click();
    const block = page.getByRole('listitem').filter({ hasText: '203.0.113.77' });
    expect(await block.innerText()).toContain('set by detection');
  } finally {
    await browser.close();
  }
}, 120_000);
