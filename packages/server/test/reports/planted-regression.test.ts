import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  deploySection,
  logSection,
  makeReport,
  type NamedDeploy,
  requestSection,
  rollingPeriod,
  vitalSection,
} from '../../src/care/reports/index.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { fortnightStart, storeFortnight } from './seeded-history.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** In the second week, on a day with an afternoon behind it. */
const DEPLOYED = 10 * DAY + 14 * HOUR;
const SLOW = 'GET /api/search';
const FAILING = 'POST /api/ratings';

let server: TelemetryServer;

beforeAll(async () => {
  server = await startTelemetryServer();
  const at = (index: number) => ({ from: fortnightStart(index), seed: 100 + index });
  const since = (index: number) => fortnightStart(index) + DEPLOYED;
  await storeFortnight(server, { ...at(0), planted: { route: SLOW, since: since(0), times: 3 } });
  await storeFortnight(server, { ...at(1), seed: 100 });
  await storeFortnight(server, { ...at(2), planted: { route: FAILING, since: since(2), failing: 0.06 } });
  await storeFortnight(server, at(3));
}, 120_000);

afterAll(() => server.stop());

/** The weekly report at the end of a fortnight; a release came out in its second week. */
function weekly(index: number) {
  const from = fortnightStart(index);
  const release: NamedDeploy = { at: from + DEPLOYED, version: '2.4.0', environment: 'production' };
  const deploys = async (start: number, end: number) => [release].filter(({ at }) => at >= start && at < end);
  const { telemetry } = server;
  const sections = [
    requestSection({ telemetry, deploys }),
    vitalSection({ telemetry }),
    logSection({ telemetry }),
    deploySection({ deploys }),
  ];
  const about = { service: 'yumzoom', publicUrl: 'https://ops.yumzoom.app' };
  return makeReport(sections, rollingPeriod('weekly', from + 14 * DAY, 'UTC'), about);
}

test('a route that is three times as slow since a release is the first thing to do, with the release named', async () => {
  const report = await weekly(0);
  expect(report.todo[0]).toMatchObject({ code: 'slower_route', subject: SLOW });
  expect(report.todo[0]?.reason).toContain('since release 2.4.0');
  expect(Number(/([\d.]+) times/.exec(report.todo[0]?.reason ?? '')?.[1])).toBeCloseTo(3, 0);
  expect(report.todo).toHaveLength(1);
  const [change, ...more] = report.sections.flatMap(({ changes }) => changes);
  expect(change).toMatchObject({ direction: 'worse', rule: 'hours of the week' });
  expect(more).toEqual([]);
  const link = new URL(report.todo[0]?.href ?? '', 'https://ops.yumzoom.app');
  expect(link.pathname).toBe('/logs');
  expect(link.searchParams.get('q')).toBe('type:performance endpoint:"/api/search"');
  const since = Date.parse(link.searchParams.get('from') ?? '');
  expect(Math.abs(since - fortnightStart(0) - DEPLOYED)).toBeLessThanOrEqual(4 * HOUR);
  expect(link.searchParams.get('to')).toBe(report.to);
});

test('the same fortnight without it names nothing', async () => {
  const report = await weekly(1);
  expect(report.todo).toEqual([]);
  expect(report.sections.flatMap(({ changes }) => changes)).toEqual([]);
  expect(report.sentence).toContain('Nothing changed beyond what chance explains');
});

test('a route that fails more often since a release is the first thing to do', async () => {
  const report = await weekly(2);
  expect(report.todo[0]).toMatchObject({ code: 'failing_route', subject: FAILING });
  expect(report.todo[0]?.reason).toContain('since release 2.4.0');
  expect(report.todo).toHaveLength(1);
});

test('another fortnight of noise and season alone names nothing', async () => {
  expect((await weekly(3)).sections.flatMap(({ changes }) => changes)).toEqual([]);
});

describe('what is not known', () => {
  test('is told as unknown, never as zero', async () => {
    const report = await weekly(0);
    for (const key of ['vitals', 'logs']) {
      const section = report.sections.find((one) => one.key === key);
      expect(section).toMatchObject({ state: 'unknown', figures: [], tables: [] });
    }
  });

  test('a first week has nothing to compare with, and says so', async () => {
    const from = fortnightStart(0);
    const { telemetry } = server;
    const period = rollingPeriod('weekly', from + 7 * DAY, 'UTC');
    const { figures, changes } = await requestSection({ telemetry, deploys: async () => [] }).read(period);
    expect(figures?.find(({ label }) => label === 'p95')).toMatchObject({ before: null });
    expect(figures?.find(({ label }) => label === 'p95')?.value).toBeGreaterThan(0);
    expect(changes).toEqual([]);
  });

  test('a section that cannot be read leaves the others', async () => {
    const broken = {
      key: 'broken',
      title: 'Broken',
      kinds: ['weekly' as const],
      read: () => Promise.reject(new Error('the store is away')),
    };
    const period = rollingPeriod('weekly', fortnightStart(0) + 14 * DAY, 'UTC');
    const requests = requestSection({ telemetry: server.telemetry, deploys: async () => [] });
    const report = await makeReport([broken, requests], period, { service: 's', publicUrl: '' });
    expect(report.sections.map(({ key, state }) => [key, state])).toEqual([
      ['broken', 'unknown'],
      ['requests', 'known'],
    ]);
    expect(report.sections[0]?.note).toContain('the store is away');
  });
});
