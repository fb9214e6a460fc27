import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Bench, openBench, visit } from './browser.ts';
import { emptyOnCall } from './fixture/on-call.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);

beforeEach(() => {
  bench.fixture.onCall = emptyOnCall();
});

afterAll(() => bench.close());

it('an address is added, confirmed by the code that arrives there, tried, and removed', {
  timeout: 60_000,
}, async () => {
  const { page, context, faults } = await visit(bench, '/settings');
  await page.getByRole('link', { name: 'My contact methods' }).click();
  await page.waitForURL(/view=contact/);
  await page.getByRole('button', { name: 'Add an address' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('SMS').click();
  await dialog.getByLabel('Address').fill('+44 20 7183 8752');
  await page.keyboard.press('Enter');
  await page.waitForURL(/do=confirm/);
  await dialog.getByRole('button', { name: 'Send the code' }).click();
  await dialog.getByLabel('The six digits').fill('123456');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const row = page.getByRole('listitem').filter({ hasText: '+44 20 7183 8752' });
  await row.getByText('Works').waitFor();
  await row.getByRole('button', { name: /Send a test/ }).click();
  await row.getByText('It is on its way').waitFor();
  await row.getByRole('button', { name: /Remove/ }).click();
  await dialog.getByRole('button', { name: 'Remove the address' }).click();
  await row.waitFor({ state: 'detached' });
  expect(faults).toEqual([]);
  await context.close();
});

it('rules of her own take the place of the default, and can be given up again', async () => {
  const { page, context, faults } = await visit(bench, '/settings?view=contact');
  const critical = page.getByRole('region', { name: 'Of critical alerts' });
  await critical.getByText('The default').waitFor();
  await critical.getByRole('button', { name: 'Add a rule' }).click();
  await critical.getByLabel('By').last().selectOption('sms');
  await critical.getByText('reaches no address').waitFor();
  await critical.getByLabel('When').last().selectOption('600');
  await critical.getByRole('button', { name: 'Save' }).click();
  await critical.getByText('As you have said').waitFor();
  expect(bench.fixture.onCall.rules.high.items.at(-1)).toEqual({ after: 600, channel: 'sms' });
  await critical.getByRole('button', { name: 'Back to the default' }).click();
  await critical.getByText('The default').waitFor();
  const others = page.getByRole('region', { name: 'Of all others' });
  expect(await others.getByRole('button').count()).toBe(0);
  expect(faults).toEqual([]);
  await context.close();
});

it('says to somebody who cannot be put on call what is missing', async () => {
  bench.fixture.onCall.stranger = true;
  const { page, context } = await visit(bench, '/settings?view=contact');
  await page.getByText('You are not among the people').waitFor();
  await page.getByText(/people: \[\{name: \w+, email: \w+@/).waitFor();
  await context.close();
});
