import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, openBench, visit } from './browser.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);

afterAll(() => bench.close());

it('is set up with a picture, a key and recovery codes, and asked for from then on', { timeout: 60_000 }, async () => {
  const { page, context, faults } = await visit(bench, '/settings');
  const panel = page.getByRole('region', { name: 'Second factor' });
  await panel.getByLabel('Password').fill('correct horse battery');
  await panel.getByRole('button', { name: 'Set up an app' }).click();
  await panel.getByRole('img', { name: /camera/ }).waitFor();
  await panel.getByText('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP').waitFor();
  expect(await panel.getByRole('listitem').count()).toBe(8);
  await panel.getByLabel('Six digits').fill('000000');
  await panel.getByRole('button', { name: 'Switch it on' }).click();
  await panel.getByRole('status').filter({ hasText: 'Invalid' }).waitFor();
  await panel.getByLabel('Six digits').fill('123456');
  await panel.getByRole('button', { name: 'Switch it on' }).click();
  await panel.getByText('a code is asked for').waitFor();
  expect(faults).toEqual([]);
  await context.close();

  const again = await visit(bench, '/alerts', { signedIn: false });
  await again.page.getByLabel('E-mail').fill('ada@yumzoom.com');
  await again.page.getByLabel('Password').fill('correct horse battery');
  await again.page.keyboard.press('Enter');
  await again.page.getByLabel(/Code of your app/).fill('123456');
  await again.page.keyboard.press('Enter');
  await again.page.waitForURL(/\/alerts$/);
  await again.context.close();
});

it('says why an account of another provider was not let in', async () => {
  const { page, context } = await visit(bench, '/sign-in?refused=domain', { signedIn: false });
  await page.getByRole('alert').filter({ hasText: 'no address of this company' }).waitFor();
  await page.getByRole('button', { name: 'Sign in with Company' }).waitFor();
  await context.close();
});
