import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { expirePartitions } from './expire.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23, 12);

let store: TestTelemetry;

beforeAll(async () => {
  store = await startTestTelemetry();
});

afterAll(() => store?.stop());

it('drops whole days of a class when all of the day is too old, and nothing else', async () => {
  const insert = (daysAgo: number, retentionClass: string) => {
    const row = {
      timestamp: NOW - daysAgo * DAY,
      id: `${daysAgo}-${retentionClass}`,
      level: 'info',
      message: 'm',
      retentionClass,
    };
    return store.telemetry.insert('logs', Buffer.from(JSON.stringify(row)), { token: row.id, rowCount: 1 });
  };
  for (const daysAgo of [1, 3, 4, 5, 40]) {
    await insert(daysAgo, 'logs');
    await insert(daysAgo, 'debug_logs');
    await insert(daysAgo, 'unknown');
  }
  const expired = await expirePartitions(store.telemetry, { logs: 30 * DAY, debug_logs: 3 * DAY }, NOW);
  expect(expired).toEqual([
    { table: 'logs', day: '2026-10-14', retentionClass: 'debug_logs' },
    { table: 'logs', day: '2026-10-14', retentionClass: 'logs' },
    { table: 'logs', day: '2026-11-18', retentionClass: 'debug_logs' },
    { table: 'logs', day: '2026-11-19', retentionClass: 'debug_logs' },
  ]);
  const left = await store.telemetry.query<{ id: string }>('SELECT id FROM logs ORDER BY id');
  expect(left.map(({ id }) => id)).toEqual([
    '1-debug_logs',
    '1-logs',
    '1-unknown',
    '3-debug_logs',
    '3-logs',
    '3-unknown',
    '4-logs',
    '4-unknown',
    '40-unknown',
    '5-logs',
    '5-unknown',
  ]);
  expect(await expirePartitions(store.telemetry, { logs: 30 * DAY, debug_logs: 3 * DAY }, NOW)).toEqual([]);
});
