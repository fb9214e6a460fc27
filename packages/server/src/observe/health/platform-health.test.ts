import { expect, test } from 'vitest';
import { FakeClock } from '../../lib/clock.ts';
import { createPlatformHealth, type PlatformHealth } from './platform-health.ts';
import type { HealthProbe, HealthStatus, ProbeAnswer } from './probe.ts';
import { heartbeatProbe, proberProbe, spoolProbe, stateStoreProbe } from './probes.ts';

const clock = () => new FakeClock(Date.UTC(2026, 0, 5, 10));

function probe(name: string, status: HealthStatus, critical = false): HealthProbe {
  return { name, critical, check: () => ({ status, reason: status === 'healthy' ? null : `${name} is not well.` }) };
}

function health(probes: HealthProbe[], on = clock()): PlatformHealth {
  return createPlatformHealth({ clock: on, probes, version: '1.2.3', environment: 'test' });
}

test('the report has the shape that applications give', async () => {
  const { statusCode, headers, body } = await health([probe('state-store', 'healthy', true)]).detailed();
  expect(statusCode).toBe(200);
  expect(headers).toEqual({ 'cache-control': 'no-cache, no-store, must-revalidate', 'x-health-check': 'healthy' });
  expect(body).toEqual({
    status: 'healthy',
    timestamp: '2026-01-05T10:00:00.000Z',
    checks: {
      'state-store': { status: 'healthy', responseTime: 0, details: {}, lastChecked: '2026-01-05T10:00:00.000Z' },
    },
    version: '1.2.3',
    environment: 'test',
    uptime: 0,
  });
});

const verdicts: [what: string, probes: HealthProbe[], code: number, ready: number][] = [
  ['all healthy', [probe('a', 'healthy', true), probe('b', 'healthy')], 200, 200],
  ['one degraded', [probe('a', 'degraded', true)], 202, 200],
  ['one unknown is not healthy', [probe('a', 'healthy', true), probe('b', 'unknown')], 202, 200],
  ['a critical one unknown is not ready', [probe('a', 'unknown', true)], 202, 503],
  ['one unhealthy that is not critical', [probe('a', 'healthy', true), probe('b', 'unhealthy')], 503, 200],
  ['a critical one unhealthy', [probe('a', 'unhealthy', true)], 503, 503],
];

test.each(verdicts)('%s', async (_what, probes, code, ready) => {
  const own = health(probes);
  expect((await own.detailed()).statusCode).toBe(code);
  expect((await own.readyz()).statusCode).toBe(ready);
  expect(own.livez().statusCode).toBe(200);
});

test('a check that throws or hangs is unhealthy and named', async () => {
  const on = clock();
  const own = health(
    [
      stateStoreProbe({ query: () => Promise.reject(new Error('connection refused')) }),
      { name: 'slow', critical: false, check: () => new Promise<ProbeAnswer>(() => undefined) },
    ],
    on,
  );
  const asked = Promise.all([own.problems(), own.readyz()]);
  await on.advance(5_000);
  const [problems, ready] = await asked;
  expect(problems).toEqual(['The check state-store failed: connection refused', 'The check slow took more than 5 s.']);
  expect(ready.body).toEqual({ status: 'unhealthy', failing: ['state-store'] });
});

test('answers are shared for a second', async () => {
  const on = clock();
  let asked = 0;
  const counting: HealthProbe = {
    name: 'a',
    critical: true,
    check: () => ({ status: 'healthy', reason: String(++asked) }),
  };
  const own = health([counting], on);
  await Promise.all([own.readyz(), own.detailed(), own.problems()]);
  expect(asked).toBe(1);
  await on.advance(1_000);
  await own.readyz();
  expect(asked).toBe(2);
});

test('a process that drains is not ready', async () => {
  const own = health([probe('a', 'healthy', true)]);
  own.drain();
  expect(await own.readyz()).toMatchObject({ statusCode: 503, body: { failing: ['draining'] } });
});

const spool = (bytes: number, lagSeconds = 0, trouble: string | null = null) =>
  spoolProbe(() => ({ bytes, limitBytes: 100, lagSeconds, trouble }));
const prober = (overdueMs: number) =>
  proberProbe(() => ({ monitors: 4, running: 1, waiting: 0, overdueMs, dropped: 0 }));

const probes: [HealthProbe, HealthStatus, string | null][] = [
  [spool(10), 'healthy', null],
  [spool(60), 'degraded', 'The spool is 60 % full.'],
  [spool(100), 'unhealthy', 'The spool is full: records are refused.'],
  [spool(10, 180, 'The spool cannot be read: EIO.'), 'degraded', 'The spool cannot be read: EIO.'],
  [spool(99.5), 'unhealthy', 'The spool is full: records are refused.'],
  [spool(10, 180), 'degraded', 'Records reach the telemetry store 3 min late.'],
  [prober(0), 'healthy', null],
  [prober(20_000), 'degraded', 'Monitors are checked 20 s late.'],
  [prober(180_000), 'unhealthy', 'Monitors are checked 3 min late.'],
];

test.each(probes)('%o', async (one, status, reason) => {
  expect(await one.check()).toMatchObject({ status, reason });
});

test('a part without a heartbeat yet is unknown, then healthy, late and stuck', async () => {
  const on = clock();
  let last: number | null = null;
  const beat = heartbeatProbe({ name: 'evaluator', clock: on, lastAt: () => last, everyMs: 10_000 });
  expect(await beat.check()).toMatchObject({ status: 'unknown', reason: 'The evaluator has not run yet.' });
  last = on.monotonic();
  expect(await beat.check()).toMatchObject({ status: 'healthy' });
  await on.advance(30_000);
  expect(await beat.check()).toMatchObject({ status: 'degraded', reason: 'The evaluator last ran 30 s ago.' });
  await on.advance(30_000);
  expect(await beat.check()).toMatchObject({ status: 'unhealthy' });
});
