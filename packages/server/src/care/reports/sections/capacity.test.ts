import { expect, test } from 'vitest';
import type { CapacityLine } from '../../scaling/index.ts';
import { calendarPeriod } from '../period.ts';
import { capacitySection } from './capacity.ts';

const line = (more: Partial<CapacityLine>): CapacityLine => ({
  ...{ id: 'disk:one', title: 'Disk', unit: 'B', current: 80, limit: 120, state: 'limit' },
  ...{ days: 19.1, earliest: 14.2, latest: 24.9, growthPerDay: 2, samples: 960, query: 'SELECT 1' },
  sentence: 'Disk: at its limit in 19 days (14 to 25).',
  ...more,
});

const PERIOD = calendarPeriod('monthly', Date.UTC(2026, 10, 30), 'UTC');
const read = (lines: CapacityLine[]) => capacitySection({ capacity: async () => lines }).read(PERIOD);

test('tells the days to each limit, and makes the near ones something to do', async () => {
  const far = line({
    id: 'database:main',
    title: 'Database',
    days: 121,
    sentence: 'Database: at its limit in 121 days.',
  });
  const { tables, observations } = await read([line({}), far]);
  expect(tables?.[0]?.rows.map(({ cells }) => cells)).toEqual([
    ['Disk', 'at its limit in 19 days (14 to 25)', 19, 14, 24, 960],
    ['Database', 'at its limit in 121 days', 121, 14, 24, 960],
  ]);
  expect(observations?.map(({ code, subject }) => [code, subject])).toEqual([['near_limit', 'disk:one']]);
});

test('a full resource is the first thing to do, and nothing measured is nothing known', async () => {
  const { observations } = await read([line({ state: 'full', days: 0, earliest: 0, latest: 0 })]);
  expect(observations?.[0]?.size).toBe(1);
  expect(await read([])).toEqual({ unknown: 'Nothing was measured yet.' });
});
