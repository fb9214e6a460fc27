import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, openBench, visit } from './browser.ts';
import { logRows } from './fixture/logs.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

afterAll(async () => {
  await bench.close();
});

const A_SECOND = 5_000;
const SECONDS = 4;
const TICK = 50;

it('keeps up with 5,000 lines a second without freezing the tab', async () => {
  const { page, context, faults } = await visit(bench, '/logs?tail=on');
  await page.getByText('Following').waitFor();
  await page.evaluate(() => {
    const gaps: number[] = [];
    Object.assign(window, { gaps });
    let last = performance.now();
    const step = (now: number) => {
      gaps.push(now - last);
      last = now;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  const [row] = logRows(Date.now(), 1);
  const started = performance.now();
  let sent = 0;
  while (sent < A_SECOND * SECONDS) {
    const due = Math.min(A_SECOND * SECONDS, Math.ceil(((performance.now() - started) / 1_000) * A_SECOND));
    for (; sent < due; sent += 1) {
      const timestamp = new Date(Date.now()).toISOString();
      bench.fixture.tail({
        ...row,
        id: `tail-${String(sent).padStart(6, '0')}`,
        timestamp,
        message: `tail line ${sent}`,
      });
    }
    await pause(TICK);
  }
  await page.getByText(`tail line ${sent - 1}`, { exact: true }).waitFor();
  const gaps = await page.evaluate(() => (window as unknown as { gaps: number[] }).gaps.toSorted((a, b) => b - a));
  // A tab that froze would have drawn a handful of frames, and none for seconds.
  expect(gaps.length).toBeGreaterThan(SECONDS * 5);
  expect(gaps[0]).toBeLessThan(1_500);
  // A person who reads is not scrolled away, and can go on when they want to.
  await page.locator('.log-list').getByRole('link').nth(3).click();
  await page.getByText('Waiting while you read').waitFor();
  bench.fixture.tail({ ...row, id: 'tail-last', message: 'the line after' });
  await page.getByRole('button', { name: /Show 1 new line/ }).click();
  await page.getByText('the line after').first().waitFor();
  expect(faults).toEqual([]);
  await context.close();
}, 90_000);
