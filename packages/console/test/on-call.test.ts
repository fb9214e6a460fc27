import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, openBench, visit } from './browser.ts';
import { emptyOnCall } from './fixture/on-call.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

afterAll(async () => {
  await bench.close();
});

const dialog = (page: Page) => page.getByRole('dialog');

it('says on every page who is on call, and leads to the rest', async () => {
  const { page, context, faults } = await visit(bench, '/logs');
  await page.getByRole('link', { name: /On call: (ada|grace|nobody in primary), nobody in night/ }).click();
  await page.waitForURL(/\/on-call/);
  await page.getByRole('heading', { name: 'Now' }).waitFor();
  await page.getByText('then').first().waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

it('tells who would be called at a typed instant, and how', async () => {
  const { page, context } = await visit(bench, '/on-call');
  const box = page.getByLabel('Who would be called at');
  await box.fill('2026-11-30 12:00 Europe/London');
  await box.press('Enter');
  await page.waitForURL(/at=2026-11-30\+12:00\+Europe\/London/);
  await box.fill('2026-11-30T12:00Z');
  await box.press('Enter');
  await page.waitForURL(/at=2026-11-30T12:00:00.000Z/);
  await page.getByText(/^At Mon 30 Nov/).waitFor();
  await page.getByText('the address has no domain').last().waitFor();
  await page.goBack();
  await page.waitForURL(/Europe\/London/);
  await context.close();
});

it('puts somebody on call for a turn by keyboard alone, and takes it back', async () => {
  bench.fixture.onCall = emptyOnCall();
  const { page, context, faults } = await visit(bench, '/on-call?day=2099-06-01');
  await page.getByRole('heading', { name: 'On call', level: 4 }).first().waitFor();
  const turn = page.getByRole('link', { name: /^ada, .*Europe\/London/ }).first();
  await turn.focus();
  await page.keyboard.press('Enter');
  await dialog(page).getByLabel('Person').selectOption('linus');
  await dialog(page).getByLabel(/^To/).fill('2099-06-30 09:00');
  await dialog(page).getByText('Tue 30 Jun').waitFor();
  await dialog(page).getByLabel(/^To/).press('Enter');
  await dialog(page).waitFor({ state: 'hidden' });
  expect(bench.fixture.onCall.overrides).toMatchObject([{ schedule: 'primary', person: 'linus' }]);
  await page.getByText('made by Admin').waitFor();
  await page.getByRole('button', { name: 'Remove: linus in primary' }).press('Enter');
  await dialog(page).getByRole('button', { name: 'Remove' }).press('Enter');
  await page.getByText('Nobody stands in').waitFor();
  expect(bench.fixture.onCall.overrides).toEqual([]);
  expect(faults).toEqual([]);
  await context.close();
});

it('says why a change was refused, and lets the keyboard leave', async () => {
  const { page, context } = await visit(bench, '/on-call?do=override');
  await dialog(page).getByLabel('Person').selectOption('grace');
  await dialog(page).getByLabel(/^From/).fill('tomorrow 09:00');
  await dialog(page).getByLabel(/^To/).fill('tomorrow 18:00');
  bench.fixture.fail = 409;
  await dialog(page).getByRole('button', { name: 'Put on call' }).press('Enter');
  await dialog(page).getByText('The store does not answer').waitFor();
  bench.fixture.fail = null;
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  await context.close();
});

it('offers only turns of two people for a swap, and closes on Escape', async () => {
  const { page, context } = await visit(bench, '/on-call?do=swap');
  const first = await dialog(page).getByLabel('This turn').locator('option:checked').textContent();
  const person = first?.split(',')[0] ?? '';
  const offered = await dialog(page).getByLabel('For this one').locator('option').allTextContents();
  expect(offered.length).toBeGreaterThan(3);
  expect(offered.filter((text) => text.startsWith(person))).toEqual([]);
  const [request] = await Promise.all([
    page.waitForRequest(/\/oncall\/swaps$/),
    dialog(page).getByRole('button', { name: 'Swap' }).click(),
  ]);
  expect(request.postDataJSON()).toMatchObject({ schedule: 'primary' });
  await page.waitForURL((url) => !url.searchParams.has('do'));
  await page.getByRole('button', { name: 'Swap two turns' }).click();
  await dialog(page).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  await context.close();
});

it('shows a calendar link once, copies it, and ends it', async () => {
  const { page, context } = await visit(bench, '/on-call');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Calendar link' }).click();
  await dialog(page).getByRole('button', { name: 'Make the link' }).click();
  await dialog(page).getByRole('button', { name: 'Copy the link' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/primary\.ics\?token=/);
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  expect(await page.getByText(/token=/).count()).toBe(0);
  await page.getByRole('button', { name: 'Remove the link to primary' }).click();
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No links yet').waitFor();
  await context.close();
});
