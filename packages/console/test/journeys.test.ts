import { readFile } from 'node:fs/promises';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, openBench, visit } from './browser.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

afterAll(async () => {
  await bench.close();
});

const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '');

it('asks for a sign-in, refuses a wrong password and returns to the wanted page', async () => {
  const { page, context } = await visit(bench, '/logs?q=level:error', { signedIn: false });
  await page.waitForURL(/\/sign-in\?return=/);
  await page.getByLabel('E-mail').fill('admin@yumzoom.app');
  await page.getByLabel('Password').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('Invalid email or password').waitFor();
  await page.getByLabel('Password').fill('correct horse battery');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/logs\?q=level:error/);
  await page
    .getByRole('link', { name: /Unhandled error/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-in$/);
  await context.close();
});

it('signs in by a login link once and takes the token out of the address', async () => {
  const { page, context } = await visit(bench, '/sign-in#token=once', { signedIn: false });
  await page.getByText('YumZoom is degraded').waitFor();
  expect(page.url()).toBe(`${bench.fixture.url}/`);
  await page.goBack();
  expect(page.url()).not.toContain('token');
  await context.close();
});

it('lets a person who came by a login link set a password', async () => {
  bench.fixture.password = null;
  const { page, context } = await visit(bench, '/settings');
  await page.getByText('You came by a login link').waitFor();
  await page.getByLabel(/New password/).fill('correct horse battery');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByLabel('Current password').waitFor();
  expect(bench.fixture.password).toBe('correct horse battery');
  await context.close();
});

it('never follows a return address to another site', async () => {
  const { page, context } = await visit(bench, '/sign-in?return=//example.com/', { signedIn: false });
  await page.getByLabel('E-mail').fill('admin@yumzoom.app');
  await page.getByLabel('Password').fill('correct horse battery');
  await page.keyboard.press('Enter');
  await page.getByText('YumZoom is degraded').waitFor();
  expect(page.url()).toBe(`${bench.fixture.url}/`);
  await context.close();
});

it('can be walked with the keyboard alone', async () => {
  const { page, context, faults } = await visit(bench, '/');
  await page.getByText('YumZoom is degraded').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page
    .getByRole('link', { name: /GET \/ 200/ })
    .first()
    .waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('lev');
  await page.keyboard.press('Tab');
  await page.keyboard.type('err');
  await page.getByRole('option', { name: /error/ }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=level:error/);
  await page
    .getByRole('link', { name: /GET \/ 200/ })
    .first()
    .waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  expect(await focused(page)).toContain('Unhandled error');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Log line' }).getByText('restaurant.city').waitFor();
  const first = page.url();
  await page.keyboard.press('j');
  await page.waitForURL((url) => url.href !== first && url.searchParams.has('row'));
  await page.keyboard.press('Escape');
  await page.waitForURL((url) => !url.searchParams.has('row'));
  expect(await focused(page)).toContain('Unhandled error');

  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.getByRole('link', { name: /61.4 % of the requests/ }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
  await page.keyboard.press('a');
  await page.getByRole('complementary').getByText('Acknowledged by admin@yumzoom.app').waitFor();
  await expect.poll(() => bench.fixture.acknowledged.has('al-1')).toBe(true);
  bench.fixture.acknowledged.clear();

  await page.keyboard.press('Control+k');
  await page.getByRole('option', { name: 'API Health Check' }).waitFor();
  await page.keyboard.type('api hea');
  await page.getByRole('option', { name: 'Overview' }).waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/uptime\/api-health/);
  await page.goBack();
  await page.waitForURL(/\/alerts\?alert=al-1/);
  expect(faults).toEqual([]);
  await context.close();
});

it('shows where the focus is on every stop of the Tab key', async () => {
  const { page, context } = await visit(bench, '/');
  await page.getByText('YumZoom is degraded').waitFor();
  let stops = 0;
  for (;;) {
    await page.keyboard.press('Tab');
    const seen = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const inView = box.bottom > 0 && box.top < window.innerHeight && box.width > 0;
      return { name: element.outerHTML.slice(0, 120), ring: outlineStyle !== 'none' && outlineWidth !== '0px', inView };
    });
    if (seen === null) break;
    expect(seen, seen.name).toMatchObject({ ring: true, inView: true });
    stops += 1;
  }
  expect(stops).toBeGreaterThan(20);
  await context.close();
});

it('filters, zooms and keeps all of it in the address', async () => {
  const { page, context } = await visit(bench, '/logs');
  await page.getByRole('button', { name: 'Only level error' }).waitFor();
  const fields = await page.locator('.fields-name [title]:first-of-type').allTextContents();
  expect(fields.slice(0, 3)).toEqual(['level', 'service', 'type']);
  const attributes = fields.slice(fields.findIndex((name) => name.includes('.')));
  expect(attributes).toEqual(attributes.toSorted());
  await page.getByRole('button', { name: 'Only level error' }).click();
  await page.waitForURL(/q=level:error/);
  await page.getByRole('button', { name: 'Without service yumzoom-worker' }).click();
  await page.waitForURL(/q=level:error\+-service:yumzoom-worker/);
  const chart = page.locator('.u-over').first();
  const box = await chart.boundingBox();
  if (box === null) throw new Error('The histogram is not on the page');
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  const zoomed = new URL(page.url()).searchParams;
  const width = Date.parse(zoomed.get('to') ?? '') - Date.parse(zoomed.get('from') ?? '');
  expect(width / 60_000).toBeGreaterThan(12);
  expect(width / 60_000).toBeLessThan(18);
  await page.goBack();
  await page.waitForURL((url) => !url.searchParams.has('from'));
  await page.getByRole('button', { name: 'Last hour' }).click();
  await page.getByLabel('Time range').last().fill('45m');
  await page.keyboard.press('Enter');
  await page.waitForURL(/range=45m/);
  await page.reload();
  await page.getByRole('button', { name: 'Last 45m' }).waitFor();
  await context.close();
});

it('copies a link that shows later what is on the screen now', async () => {
  const { page, context } = await visit(bench, '/logs?q=level:error&range=15m');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page
    .getByRole('link', { name: /Unhandled error/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  const { q, range, from = '', to = '' } = Object.fromEntries(link.searchParams);
  expect({ q, range }).toEqual({ q: 'level:error', range: undefined });
  expect(Date.parse(to) - Date.parse(from)).toBe(15 * 60_000);
  await context.close();
});

it('puts few of many lines on the page and reads on while scrolling', async () => {
  const { page, context } = await visit(bench, '/logs?range=3h');
  await page
    .getByRole('link', { name: /GET \/ 200/ })
    .first()
    .waitFor();
  expect(await page.locator('.virtual-row').count()).toBeLessThan(80);
  await expect
    .poll(async () => {
      await page.locator('.virtual').evaluate((box) => box.scrollTo(0, box.scrollHeight));
      return page.locator('.virtual-row').last().getAttribute('aria-posinset');
    })
    .toBe('1000');
  expect(await page.locator('.virtual-row').count()).toBeLessThan(80);
  await context.close();
});

it('leaves a range where it is while a person reads it', async () => {
  const { page, context } = await visit(bench, '/logs?range=3h');
  await page.clock.install();
  await page.reload();
  await page
    .getByRole('link', { name: /GET \/ 200/ })
    .first()
    .waitFor();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.clock.runFor(60_000);
  expect(asked.filter((url) => url.includes('/alerts')).length).toBeGreaterThan(0);
  expect(asked.filter((url) => url.includes('/logs'))).toEqual([]);
  await context.close();
});

it('follows new lines, waits while a person reads, and says what was left out', async () => {
  const { page, context } = await visit(bench, '/logs?tail=on');
  await page.getByText('Following').waitFor();
  const line = (text: string) => ({
    id: text,
    timestamp: new Date().toISOString(),
    level: 'info',
    message: text,
    service: 'yumzoom',
    type: null,
    endpoint: null,
    method: null,
    statusCode: null,
    duration: null,
    requestId: null,
    traceId: null,
  });
  bench.fixture.tail(line('fresh line one'));
  await page.getByText('fresh line one').waitFor();
  await page.locator('.virtual').evaluate((box) => box.scrollTo(0, 400));
  await page.getByText('Waiting while you read').waitFor();
  bench.fixture.tail(line('fresh line two'));
  bench.fixture.tail({ count: 7 }, 'dropped');
  await page.getByText('7 lines dropped').waitFor();
  await page.getByRole('button', { name: 'Show 1 new line' }).click();
  await page.getByText('fresh line two').waitFor();
  await context.close();
});

it('runs a ready analysis and hands out its answer as a file', async () => {
  const { page, context } = await visit(bench, '/logs?view=sql');
  await page.getByRole('button', { name: /Endpoint performance/ }).click();
  await page.getByText('24 rows').waitFor();
  await page.waitForURL(/PERCENTILE_CONT/);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  const text = await readFile(await file.path(), 'utf8');
  expect(text.split('\r\n')[0]).toBe('hour,total_requests,error_count,error_rate');
  expect(text.trim().split('\r\n')).toHaveLength(25);
  await context.close();
});

it('says that the connection is lost, how old the page is, and finds back by itself', async () => {
  const { page, context } = await visit(bench, '/');
  await page.getByText('YumZoom is degraded').waitFor();
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.getByText(/Connection lost/).waitFor();
  await page.getByText('YumZoom is degraded').waitFor();
  await context.setOffline(false);
  await page.getByText(/Connection lost/).waitFor({ state: 'hidden' });
  await context.close();
});

it('leads from a span of the database to its statement', async () => {
  const { page, context } = await visit(bench, '/traces/5b8efff798038103d269b633813fc60c?span=a2');
  const asked = page.waitForRequest((request) => new URL(request.url()).pathname.endsWith('/queries'));
  await page.getByRole('link', { name: 'This statement in the database' }).click();
  expect(new URL((await asked).url()).searchParams.get('text')).toBe('INSERT INTO ratings VALUES ($1, $2)');
  await page.getByRole('button', { name: 'the statement of a span' }).click();
  await page.waitForURL((url) => !url.searchParams.has('text'));
  await page.goto(`${bench.fixture.url}/traces/5b8efff798038103d269b633813fc60c?span=a3`);
  await page.getByText('http.client').first().waitFor();
  expect(await page.getByRole('link', { name: 'This statement in the database' }).count()).toBe(0);
  await context.close();
});

it('keeps the runbook of an incident that is saved before the runbooks have come, and after', async () => {
  const { page, context, faults } = await visit(bench, '/');
  const held: Route[] = [];
  await page.route('**/api/v1/runbooks', (route) => {
    held.push(route);
  });
  const sent: unknown[] = [];
  await page.route('**/api/v1/incidents/in-1', (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    sent.push(route.request().postDataJSON());
    return route.fulfill({ json: {} });
  });
  for (const haveCome of [false, true]) {
    await page.goto(`${bench.fixture.url}/incidents/in-1?do=edit`);
    const runbook = page.getByRole('combobox', { name: 'Runbook' });
    await runbook.waitFor();
    await expect.poll(() => held.length).toBeGreaterThan(0);
    if (haveCome) {
      for (const route of held.splice(0)) await route.continue();
      await runbook.getByRole('option', { name: 'Disk full' }).waitFor({ state: 'attached' });
      expect(await runbook.getByRole('option').allTextContents()).toEqual(['None', 'High error rate', 'Disk full']);
    }
    await page.getByRole('button', { name: 'Save' }).click();
    await runbook.waitFor({ state: 'detached' });
    held.length = 0;
  }
  const runbook = 'high-error-rate';
  expect(sent).toEqual([expect.objectContaining({ runbook }), expect.objectContaining({ runbook })]);
  expect(faults).toEqual([]);
  await context.close();
});
