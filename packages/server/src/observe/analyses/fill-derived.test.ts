import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { daysToFill, fillDerived } from './fill-derived.ts';
import { readErrorRate, readSecurity } from './read-analyses.ts';
import { readEndpoints } from './read-endpoints.ts';
import { readFunnel } from './read-funnel.ts';

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
  return store.telemetry.command(`INSERT INTO logs (timestamp, id, project, level, type, event, severity, endpoint, duration, ip, userId, retentionClass)
    SELECT fromUnixTimestamp64Milli(${START} + n * 20000), concat('b-', toString(n)), if(n % 100 = 99, 'yumops', '1'),
      if(n % 10 = 0, 'error', 'info'), ['performance', 'security', 'business'][n % 3 + 1],
      multiIf(n % 3 = 1, 'failed_authentication', n % 3 = 2, ['sign_up', 'order'][intDiv(n, 3) % 2 + 1], NULL), 'high',
      '/menu', n % 50, concat('10.0.0.', toString(n % 9)), if(n % 12 = 2, NULL, concat('u', toString(intDiv(n, 30)))), 'logs'
    FROM (SELECT number + ${from} AS n FROM numbers(${count}))`);
}

const analyses = async () => [
  await readErrorRate(store.telemetry, range),
  await readEndpoints(store.telemetry, range),
  await readSecurity(store.telemetry, range),
  await readFunnel(store.telemetry, { ...range, events: ['sign_up', 'order'], withinMs: DAY }),
];

const due = (target: string) =>
  store.telemetry.command(`INSERT INTO derived_days VALUES ('${target}', '${day}', 'due')`);

it('counts what was stored before the tables that analyses read, as those would have, and nothing twice', async () => {
  await addLines(0, 2_000);
  const counted = await analyses();
  expect(counted[0]).toMatchObject({ lines: expect.arrayContaining([45]) });
  expect(counted[1]).toMatchObject({ items: [{ endpoint: '/menu', count: 660, max: 49 }] });
  expect(counted[3]).toMatchObject({ items: [{ events: 333, people: 67 }, { events: 327 }], anonymous: 167 });
  // As an upgrade leaves it: some steps empty, one half counted, the rest complete; one table was never filled.
  await store.telemetry.command(`DELETE FROM log_rollup WHERE at < toDateTime(${START / 1_000 + 6 * 3_600}, 'UTC')`);
  await store.telemetry.command(
    `DELETE FROM log_rollup WHERE at = toDateTime(${START / 1_000 + 7 * 3_600}, 'UTC') AND type = 'security'`,
  );
  await store.telemetry.command('TRUNCATE TABLE business_event_rows');
  await due('business_event_rows');
  await due('log_rollup');
  expect(await daysToFill(store.telemetry)).toEqual([
    { target: 'log_rollup', day },
    { target: 'business_event_rows', day },
  ]);
  expect(await fillDerived(store.telemetry, { target: 'log_rollup', day })).toBe(73);
  expect(await fillDerived(store.telemetry, { target: 'business_event_rows', day })).toBeGreaterThan(100);
  expect(await analyses()).toEqual(counted);
  expect(await daysToFill(store.telemetry)).toEqual([]);
  // A day that is counted once more, with what the engine has seen before.
  await store.telemetry.command(`DELETE FROM log_rollup WHERE at < toDateTime(${START / 1_000 + 6 * 3_600}, 'UTC')`);
  expect(await fillDerived(store.telemetry, { target: 'log_rollup', day })).toBe(72);
  expect(await analyses()).toEqual(counted);
  for (const target of ['log_rollup', 'endpoint_rollup', 'business_event_rows']) {
    expect(await fillDerived(store.telemetry, { target, day })).toBe(0);
  }
});
