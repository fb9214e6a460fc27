import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../lib/clock.ts';
import { type Probed, type ProbeOutcome, Prober, type ProberOptions } from './prober.ts';

interface TestMonitor extends Probed {
  /** How long a check takes, milliseconds. */
  takesMs?: number;
  outcome?: Partial<ProbeOutcome>;
}

let clock: FakeClock;
let starts: Map<string, number[]>;

beforeEach(() => {
  clock = new FakeClock();
  starts = new Map();
});

function prober(options: Partial<ProberOptions<TestMonitor>> = {}): Prober<TestMonitor> {
  return new Prober<TestMonitor>({
    clock,
    onError: () => undefined,
    async probe(monitor) {
      starts.set(monitor.id, [...(starts.get(monitor.id) ?? []), clock.monotonic()]);
      if (monitor.takesMs) await clock.sleep(monitor.takesMs);
      return { recheckInMs: null, hung: false, ...monitor.outcome };
    },
    ...options,
  });
}

const fleet = (count: number, intervalMs: number, extra: Partial<TestMonitor> = {}): TestMonitor[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${extra.takesMs ?? 'm'}-${index}`, intervalMs, ...extra }));

const gapsOf = (id: string) => (starts.get(id) ?? []).slice(1).map((at, index) => at - starts.get(id)![index]!);

test('every monitor is checked within one interval of the start and once an interval from then on', async () => {
  const monitors = fleet(200, 20_000);
  prober().set(monitors);
  await clock.advance(20_000);
  expect(starts.size).toBe(200);
  await clock.advance(80_000);
  for (const { id } of monitors) {
    // The first gap leads from the quick start to the grid and may be shorter.
    expect(Math.max(...gapsOf(id))).toBeLessThanOrEqual(20_001);
    expect(Math.min(...gapsOf(id).slice(1))).toBeGreaterThanOrEqual(19_999);
  }
});

test('checks are spread over the interval', async () => {
  prober().set(fleet(400, 20_000));
  await clock.advance(20_000);
  const before = new Map([...starts].map(([id, at]) => [id, at.length]));
  const perSecond: number[] = [];
  for (let second = 0; second < 20; second += 1) {
    const count = () => [...starts.values()].reduce((sum, at) => sum + at.length, 0);
    const from = count();
    await clock.advance(1_000);
    perSecond.push(count() - from);
  }
  expect(before.size).toBe(400);
  expect(Math.max(...perSecond)).toBeLessThan(45);
  expect(Math.min(...perSecond)).toBeGreaterThan(5);
});

test('a check that takes its time does not shift the grid', async () => {
  prober().set([{ id: 'slow', intervalMs: 10_000, takesMs: 3_700 }]);
  await clock.advance(1_000_000);
  const gaps = gapsOf('slow').slice(1);
  expect(gaps.length).toBeGreaterThan(95);
  // Timers have whole milliseconds: a start may be late by less than one, and lateness does not add up.
  for (const gap of gaps) expect(Math.abs(gap - 10_000)).toBeLessThanOrEqual(1);
  expect(Math.abs(gaps.reduce((sum, gap) => sum + gap, 0) - gaps.length * 10_000)).toBeLessThanOrEqual(1);
});

test('a check longer than its interval skips slots and never overlaps itself', async () => {
  let running = 0;
  let most = 0;
  const own = prober({
    async probe() {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(2_500);
      running -= 1;
      return { recheckInMs: null, hung: false };
    },
  });
  own.set([{ id: 'a', intervalMs: 1_000 }]);
  await clock.advance(60_000);
  expect(most).toBe(1);
});

test('500 targets that hang do not delay the others', async () => {
  const hung = fleet(500, 20_000, { takesMs: 19_000, outcome: { hung: true } });
  const prompt = fleet(100, 20_000, { takesMs: 5 });
  prober({ concurrency: 600 }).set([...hung, ...prompt]);
  await clock.advance(120_000);
  for (const { id } of prompt) {
    const gaps = gapsOf(id).slice(1);
    expect(gaps.length).toBeGreaterThanOrEqual(4);
    for (const gap of gaps) expect(Math.abs(gap - 20_000)).toBeLessThanOrEqual(1);
  }
});

test('targets that hang share half of the places; all of them get their turn', async () => {
  const hung = fleet(30, 10_000, { takesMs: 9_000, outcome: { hung: true } });
  const own = prober({ concurrency: 20 });
  own.set(hung);
  await clock.advance(60_000);
  expect(own.stats().running).toBe(10);
  for (const { id } of hung) expect(starts.get(id)?.length ?? 0).toBeGreaterThanOrEqual(1);
});

test('a wanted re-check comes early and the grid stands', async () => {
  prober().set([{ id: 'a', intervalMs: 60_000, outcome: { recheckInMs: 10_000 } }]);
  await clock.advance(300_000);
  for (const gap of gapsOf('a')) expect(gap).toBeLessThanOrEqual(10_001);
});

test('an error of ours is told, and the monitor is checked again', async () => {
  const errors: unknown[] = [];
  const own = prober({
    probe: () => Promise.reject(new Error('a bug')),
    onError: (monitor, error) => errors.push([monitor.id, (error as Error).message]),
  });
  own.set([{ id: 'a', intervalMs: 1_000 }]);
  await clock.advance(5_000);
  expect(errors.length).toBeGreaterThanOrEqual(3);
  expect(errors[0]).toEqual(['a', 'a bug']);
});

test('a reload keeps the rhythm of what stays and drops what is gone', async () => {
  const own = prober();
  own.set([...fleet(20, 10_000)]);
  await clock.advance(50_000);
  const kept = fleet(10, 10_000);
  own.set(kept);
  const counts = new Map([...starts].map(([id, at]) => [id, at.length]));
  await clock.advance(50_000);
  for (const { id } of kept) {
    for (const gap of gapsOf(id).slice(1)) expect(Math.abs(gap - 10_000)).toBeLessThanOrEqual(1);
  }
  for (let index = 10; index < 20; index += 1) expect(starts.get(`m-${index}`)).toHaveLength(counts.get(`m-${index}`)!);
  expect(own.stats().monitors).toBe(10);
});

test('the wall clock may jump', async () => {
  prober().set([{ id: 'a', intervalMs: 10_000 }]);
  await clock.advance(30_000);
  clock.jump(-3_600_000);
  await clock.advance(30_000);
  clock.jump(86_400_000);
  await clock.advance(30_000);
  for (const gap of gapsOf('a').slice(1)) expect(Math.abs(gap - 10_000)).toBeLessThanOrEqual(1);
});

test('stop waits for the checks that run and starts no more', async () => {
  const own = prober();
  own.set([{ id: 'a', intervalMs: 10_000, takesMs: 5_000 }]);
  await clock.advance(2_000);
  expect(own.stats().running).toBe(1);
  let stopped = false;
  const stopping = own.stop().then(() => {
    stopped = true;
  });
  await clock.advance(1_000);
  expect(stopped).toBe(false);
  await clock.advance(5_000);
  await stopping;
  await clock.advance(60_000);
  expect(starts.get('a')).toHaveLength(1);
});

test('lateness is seen in the figures', async () => {
  const own = prober({ concurrency: 1, probe: () => new Promise(() => undefined) });
  own.set(fleet(3, 1_000));
  await clock.advance(11_000);
  expect(own.stats()).toMatchObject({ monitors: 3, running: 1, waiting: 2 });
  expect(own.stats().overdueMs).toBeGreaterThan(9_000);
});
