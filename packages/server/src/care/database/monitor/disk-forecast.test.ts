import { expect, test } from 'vitest';
import { DEFAULT_THRESHOLDS } from '../thresholds.ts';
import { growthPerDay, judgeGrowth, judgeRoom, type SizePoint } from './disk-forecast.ts';

const GB = 1_024 ** 3;
const HOUR = 3_600_000;

/** So many gigabytes at each hour. */
function hourly(hours: number, gigabytes: (hour: number) => number): SizePoint[] {
  return Array.from({ length: hours }, (_, hour) => ({ at: hour * HOUR, bytes: gigabytes(hour) * GB }));
}

test('growth is not bent by one import or one clean-up', () => {
  expect((growthPerDay(hourly(72, (hour) => 10 + hour / 24)) ?? 0) / GB).toBeCloseTo(1);
  expect((growthPerDay(hourly(72, (hour) => 10 + hour / 24 + (hour === 40 ? 500 : 0))) ?? 0) / GB).toBeCloseTo(1, 1);
  expect((growthPerDay(hourly(72, (hour) => 40 + hour / 24 - (hour > 65 ? 30 : 0))) ?? 0) / GB).toBeCloseTo(1, 1);
});

test('a short history says nothing', () => {
  expect(growthPerDay(hourly(20, (hour) => hour))).toBeNull();
  expect(growthPerDay([])).toBeNull();
});

test.each<[string, number | null, number, string[]]>([
  ['far away', 100, 1, []],
  ['within a month', 20, 1, ['warning: The disk is full in 20 days']],
  ['within a week', 5.5, 1, ['critical: The disk is full in 5 days']],
  ['shrinking', 1, -1, []],
  ['room that is not known', null, 1, []],
])('%s', (_name, free, growth, expected) => {
  const points = hourly(72, (hour) => 50 + (growth * hour) / 24);
  const found = judgeGrowth(points, { used: 53 * GB, free: free === null ? null : free * GB }, DEFAULT_THRESHOLDS);
  expect(found.map(({ severity, message }) => `${severity}: ${message.split(':')[0]}`)).toEqual(expected);
});

test.each<[number, number | null, string | undefined]>([
  [100, 90, undefined],
  [1_000, 30, undefined],
  [100, 4, 'warning'],
  [100, 1, 'critical'],
  [100, null, undefined],
])('%d GB used and %s free', (used, free, severity) => {
  const space = { used: used * GB, free: free === null ? null : free * GB };
  expect(judgeRoom(space, DEFAULT_THRESHOLDS)[0]?.severity).toBe(severity);
});
