// Runs built programs from dist/ and kills them.
import { expect, it } from 'vitest';
import { brokenPromises, LEAST, runSplitRoles } from './split-roles.mjs';

it('loses and doubles nothing when instances with roles of their own are killed at random', {
  timeout: 400_000,
}, async () => {
  const roles = { edge: 'ingest,web', second: 'ingest,worker', worker: 'worker' };
  const result = await runSplitRoles({ seed: 20_261_130, seconds: 10, awayMs: 2_000, roles });
  expect(brokenPromises(result), JSON.stringify(result)).toEqual([]);
  expect(result.kills).toBeGreaterThan(2);
  expect(result.rows.sent).toBeGreaterThan(LEAST.rows);
  expect(result.alerts.accepted).toBeGreaterThan(LEAST.alerts);
  expect(result.checks.made).toBeGreaterThan(12);
  expect(result.jobs.slots).toBeGreaterThan(1);
});
