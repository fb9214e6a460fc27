import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from './engines.ts';

let state: TestState;
let telemetry: TestTelemetry;

beforeAll(async () => {
  state = await startTestState();
  telemetry = await startTestTelemetry();
});

afterAll(async () => {
  await Promise.all([state?.stop(), telemetry?.stop()]);
});

test('both stores are migrated and answer', async () => {
  expect(await state.db.query('SELECT count(*) AS n FROM schema_migrations')).toEqual([{ n: expect.any(Number) }]);
  expect(await telemetry.telemetry.query('SELECT count() AS n FROM logs')).toEqual([{ n: 0 }]);
});
