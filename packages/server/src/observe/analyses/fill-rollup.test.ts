import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { daysToFill, fillRollup } from './fill-rollup.ts';
import { readEndpoints, readErrorRate, readSecurity } from './read-analyses.ts';

const DAY = 86_400_000;
const START = Math.floor(Date.now() / DAY) * DAY - 2 * DAY;
const day = new Date(START).toISOString().slice(0, 10);
const range = { from: START, to: START + DAY };

let store: TestTelemetry;

beforeAll(async () => {
  store = await startTestTelemetry();
});

afterAll(async () => {
  await store?.stop();
});

function addLines(from: number, count: number): Promise<void> {
  return store.telemetry.command(`INSERT INTO logs (timestamp, id, project, level, type, event, severity, endpoint, duration, ip)
    SELECT fromUnixTimestamp64Milli(${START} + n * 20000), concat('b-', toString(n)), if(n % 100 = 99, 'yumops', '1'),
      if(n % 10 = 0, 'error', 'info'), ['performance', 'security'][n % 2 + 1], if(n % 2 = 1, 'failed_authentication', NULL), 'high',
      '/menu', n % 50, concat('10.0.0.', toString(n % 9))
    FROM (SELECT number + ${from} AS n FROM numbers(${count}))`);
}

const analyses = async () => [
  await readErrorRate(store.telemetry, range),
  await readEndpoints(store.telemetry, range),
  await readSecurity(store.telemetry, range),
];

it('counts what was stored before the rollup, as the rollup would have, and nothing twice', async () => {
  await addLines(0, 2_000);
  const counted = await analyses();
  expect(counted[0]).toMatchObject({ lines: expect.arrayContaining([45]) });
  // As an upgrade leaves it: some steps empty, one half counted, the rest complete.
  await store.telemetry.command(`DELETE FROM log_rollup WHERE at < toDateTime(${START / 1_000 + 6 * 3_600}, 'UTC')`);
  await store.telemetry.command(
    `DELETE FROM log_rollup WHERE at = toDateTime(${START / 1_000 + 7 * 3_600}, 'UTC') AND type = 'security'`,
  );
  await store.telemetry.command(`INSERT INTO log_rollup_days VALUES ('${day}', 'due')`);
  expect(await daysToFill(store.telemetry)).toEqual([day]);
  expect(await fillRollup(store.telemetry, day)).toBe(73);
  expect(await analyses()).toEqual(counted);
  expect(await daysToFill(store.telemetry)).toEqual([]);
  // A day that is counted once more, with what the engine has seen before.
  await store.telemetry.command(`DELETE FROM log_rollup WHERE at < toDateTime(${START / 1_000 + 6 * 3_600}, 'UTC')`);
  expect(await fillRollup(store.telemetry, day)).toBe(72);
  expect(await analyses()).toEqual(counted);
  expect(await fillRollup(store.telemetry, day)).toBe(0);
});
