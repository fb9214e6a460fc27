import { expect, test } from 'vitest';
import { cronProblem, nextTick } from './cron.ts';

const YEAR = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)] as const;
const DAY = 86_400_000;

test.each(['UTC', 'Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu'])(
  'over a year in %s a daily tick comes once a day, whatever the hour',
  (timeZone) => {
    for (const hour of [0, 1, 2, 3]) {
      const days = new Map<string, number>();
      const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
      for (let at = nextTick({ pattern: `0 ${hour} * * *`, timeZone }, YEAR[0]); at !== null && at <= YEAR[1]; ) {
        const day = format.format(at);
        days.set(day, (days.get(day) ?? 0) + 1);
        at = nextTick({ pattern: `0 ${hour} * * *`, timeZone }, at);
      }
      expect([...days].filter(([, times]) => times !== 1)).toEqual([]);
      expect(Math.abs(days.size - (YEAR[1] - YEAR[0]) / DAY)).toBeLessThanOrEqual(1);
    }
  },
);

test('a time that does not exist comes at the first that does; one that comes twice comes once', () => {
  const schedule = { pattern: '30 1 * * *', timeZone: 'Europe/London' };
  expect(nextTick(schedule, Date.UTC(2026, 2, 28, 12))).toBe(Date.UTC(2026, 2, 29, 1));
  const first = Date.UTC(2026, 9, 25, 0, 30);
  expect(nextTick(schedule, Date.UTC(2026, 9, 24, 12))).toBe(first);
  expect(nextTick(schedule, first)).toBe(Date.UTC(2026, 9, 26, 1, 30));
});

test.each([
  ['0 3 * * *', null],
  ['0 3 * *', '"0 3 * *" is not a cron expression'],
  ['0 0 30 2 *', '"0 0 30 2 *" never comes'],
])('%s: %s', (pattern, problem) => {
  const found = cronProblem({ pattern, timeZone: 'UTC' });
  if (problem === null) expect(found).toBeNull();
  else expect(found).toContain(problem);
});
