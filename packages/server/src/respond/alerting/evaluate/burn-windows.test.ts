import { expect, test } from 'vitest';
import { MemoryBuckets } from '../../../../test/support/memory-buckets.ts';
import type { Burn, RuleConfig } from '../config.ts';
import type { Span } from '../ports.ts';
import { BurnWindows, burnRate } from './burn-windows.ts';

const T = Date.UTC(2026, 0, 5, 10);
const HOUR = 3_600_000;

function burning(burn: Partial<Burn> = {}): RuleConfig {
  const indicator = { series: 'requests' as const, labels: { service: 'api' }, projects: [], environments: [] };
  const own = { slo: 'api', indicator: { ...indicator, underMs: null }, budget: 0.01, factor: 2, minBad: 0 };
  return { burn: { ...own, longMs: 24 * HOUR, shortMs: HOUR, ...burn } } as RuleConfig;
}

/** One good request a minute for two days, all bad in `bad`. */
function traffic(bad: (at: number) => boolean = () => false): MemoryBuckets {
  const buckets = new MemoryBuckets();
  for (let at = T - 48 * HOUR; at <= T + HOUR; at += 60_000) {
    buckets.samples.push({ series: 'requests', at, labels: { service: 'api' }, bad: bad(at) ? 1 : 0, value: 100 });
    buckets.samples.push({ series: 'requests', at, labels: { service: 'web' }, bad: 1, value: 100 });
  }
  return buckets;
}

async function readAt(windows: BurnWindows, rule: RuleConfig, at: number) {
  await windows.refresh(at);
  return windows.read(rule, at)[0]?.burn;
}

test('windows are half-open, over the seam between seconds and ten seconds too', async () => {
  const rule = burning();
  const windows = new BurnWindows(
    traffic((at) => at > T - 24 * HOUR && at <= T - 23 * HOUR),
    [rule],
  );
  expect(await readAt(windows, rule, T)).toEqual({ long: { total: 1_440, bad: 60 }, short: { total: 60, bad: 0 } });
  expect(windows.read(rule, T - 1_000)[0]?.burn?.short.total).toBe(60);
});

test('what moves out of the fine part is still counted, as if it had been read at once', async () => {
  const rule = burning();
  const bad = (at: number) => at % 300_000 === 0;
  const stepped = new BurnWindows(traffic(bad), [rule]);
  for (let at = T - 10 * HOUR; at <= T; at += 45_000) await stepped.refresh(at);
  const afresh = new BurnWindows(traffic(bad), [rule]);
  expect(await readAt(stepped, rule, T)).toEqual(await readAt(afresh, rule, T));
});

test('rows that arrive late are counted within two minutes, and never twice', async () => {
  const rule = burning();
  const buckets = traffic();
  const windows = new BurnWindows(buckets, [rule]);
  await windows.refresh(T);
  buckets.samples.push({ series: 'requests', at: T - 90_000, labels: { service: 'api' }, bad: 1 });
  for (let step = 1; step <= 3; step++) await windows.refresh(T + step * 10_000);
  expect(windows.read(rule, T + 30_000)[0]?.burn?.short).toEqual({ total: 61, bad: 1 });
});

test('planned work is taken out of both windows', async () => {
  const rule = burning();
  const work: Span = { start: T - 2 * HOUR, end: T - HOUR / 2 };
  const windows = new BurnWindows(
    traffic((at) => at > work.start && at <= work.end),
    [rule],
    () => [work],
  );
  expect(await readAt(windows, rule, T)).toEqual({ long: { total: 1_350, bad: 0 }, short: { total: 30, bad: 0 } });
});

test('slow requests are bad for an objective of latency', async () => {
  const slow = { ...burning().burn!.indicator, underMs: 90 };
  const rule = burning({ indicator: slow });
  expect((await readAt(new BurnWindows(traffic(), [rule]), rule, T))?.short).toEqual({ total: 60, bad: 60 });
  const fast = burning({ indicator: { ...slow, underMs: 110 } });
  expect((await readAt(new BurnWindows(traffic(), [fast]), fast, T))?.short).toEqual({ total: 60, bad: 0 });
});

test('exactly the limit is not more than it', () => {
  expect(burnRate({ total: 216_000, bad: 1_296 }, 0.001)).toBe(6);
});
