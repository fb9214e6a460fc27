import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { until } from '../../../test/ingest.ts';
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

/** Bytes of the files of a table as the file system has them; files that the engine removes just then count as gone. */
async function bytesOnDisk(table: string): Promise<number> {
  const [row] = await store.telemetry.query<{ folder: string }>(
    'SELECT data_paths[1] AS folder FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table },
  );
  const names = await readdir(row?.folder ?? '', { recursive: true, withFileTypes: true });
  const sizes = names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

// A ClickHouse server elsewhere keeps its files to itself.
it.skipIf(process.env['YUMOPS_TEST_CLICKHOUSE_URL'] !== undefined)(
  'frees the disk at once: of a signal, and of a level within it',
  async () => {
    const fill = (daysAgo: number, level: string, retentionClass: string) =>
      store.telemetry.command(`INSERT INTO logs (timestamp, id, project, level, message, type, event, userId, retentionClass)
        SELECT fromUnixTimestamp64Milli(${NOW - daysAgo * DAY}), toString(number), '1', '${level}', randomPrintableASCII(200),
          'business', 'order_placed', toString(rand()), '${retentionClass}' FROM numbers(4000)`);
    await store.telemetry.command('TRUNCATE TABLE logs');
    await fill(1, 'info', 'logs');
    await fill(40, 'info', 'logs');
    await fill(5, 'debug', 'debug_logs');
    await fill(1, 'debug', 'debug_logs');
    const [full, events] = [await bytesOnDisk('logs'), await bytesOnDisk('business_event_rows')];
    expect(full).toBeGreaterThan(4 * 4_000 * 150);

    await expirePartitions(store.telemetry, { logs: 400 * DAY, debug_logs: 3 * DAY }, NOW);
    await until(async () => (await bytesOnDisk('logs')) < full * 0.8, 30_000);
    const withoutOldDebug = await bytesOnDisk('logs');
    expect(withoutOldDebug).toBeGreaterThan(full * 0.7);

    await expirePartitions(store.telemetry, { logs: 30 * DAY, debug_logs: 3 * DAY }, NOW);
    await until(async () => (await bytesOnDisk('logs')) < full * 0.55, 30_000);
    // What is made from the lines goes with them.
    await until(async () => (await bytesOnDisk('business_event_rows')) < events * 0.6, 30_000);
    const left = await store.telemetry.query('SELECT level, count() AS rows FROM logs GROUP BY level ORDER BY level');
    expect(left).toEqual([
      { level: 'debug', rows: 4_000 },
      { level: 'info', rows: 4_000 },
    ]);
  },
);
