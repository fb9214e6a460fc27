import { expect, test } from 'vitest';
import { generateVercel } from './generate.ts';
import { lintVercel } from './lint.ts';
import { routeFiles } from './routes.ts';

const NOW = Date.UTC(2026, 10, 30, 9);
const files = routeFiles([
  'app/api/cron/backup/route.ts',
  'app/api/cron/digest/route.ts',
  'app/api/cron/maintenance/route.ts',
  'app/api/cron/reports/route.ts',
  'app/api/items/[id]/route.ts',
  'app/api/orders/route.ts',
  'app/api/search/route.ts',
]);
const routes = [
  { endpoint: '/api/search', requests: 5_000, p50: 120, p99: 4_200, slowest: 9_000 },
  { endpoint: '/api/items/:id', requests: 400, p50: 80, p99: 900, slowest: 2_000 },
  { endpoint: '/api/orders', requests: 99, p50: 80, p99: 90_000, slowest: 95_000 },
];
const jobs = [
  { name: 'backup', pattern: '0 3 * * *', timeZone: 'America/New_York' },
  { name: 'maintenance', pattern: '0 2 * * *', timeZone: 'UTC' },
  { name: 'reports', pattern: '0 7 * * 1', timeZone: 'Europe/Berlin' },
];
const context = { plan: 'pro' as const, files, routes, jobs, now: NOW };

test('limits come from the log, cron jobs from the configuration, and the rest stays', () => {
  const existing = {
    regions: ['iad1'],
    functions: { 'app/api/**/*.ts': { maxDuration: 60 } },
    crons: [{ path: '/api/cron/maintenance', schedule: '30 2 * * *' }],
  };
  const { file, reasons } = generateVercel({ ...context, existing });
  expect(file).toEqual({
    regions: ['iad1'],
    functions: {
      'app/api/items/[id]/route.ts': { maxDuration: 5 },
      'app/api/search/route.ts': { maxDuration: 15 },
      'app/api/**/*.ts': { maxDuration: 60 },
    },
    crons: [
      { path: '/api/cron/maintenance', schedule: '30 2 * * *' },
      { path: '/api/cron/backup', schedule: '0 8 * * *' },
    ],
  });
  const reasonOf = (setting: string) => reasons.find((one) => one.setting === setting)?.reason;
  expect(reasonOf('functions.app/api/search/route.ts.maxDuration')).toMatch(/99 % of 5000 requests .* within 4\.2 s/);
  expect(reasonOf('crons /api/cron/backup')).toMatch(/America\/New_York as it is now: daylight saving moves it/);
  expect(reasonOf('crons /api/cron/digest')).toMatch(/left out: no job of this name/);
  expect(reasonOf('crons /api/cron/reports')).toMatch(/left out: "0 7 \* \* 1" in Europe\/Berlin/);
});

test('what is written has no finding, and a second run changes nothing', () => {
  const { file } = generateVercel({ ...context, existing: {} });
  const codes: string[] = [];
  const measured = { routes, memory: [] };
  lintVercel(file, { ...context, measured }, ({ code, path }) => codes.push(`${code} ${path.join('.')}`));
  expect(codes).toEqual([]);
  expect(generateVercel({ ...context, existing: file }).file).toEqual(file);
});

test('without requests nothing is invented', () => {
  const { file, reasons } = generateVercel({ ...context, routes: [], jobs: [], existing: {} });
  expect(file).toEqual({});
  expect(reasons[0]?.reason).toMatch(/no route of the project has 100 requests/);
});

test('a limit never goes beyond the plan', () => {
  const slow = [{ endpoint: '/api/search', requests: 500, p50: 1, p99: 600_000, slowest: 700_000 }];
  const { file } = generateVercel({ ...context, plan: 'hobby', routes: slow, jobs: [], existing: {} });
  expect(file.functions).toEqual({ 'app/api/search/route.ts': { maxDuration: 300 } });
});
