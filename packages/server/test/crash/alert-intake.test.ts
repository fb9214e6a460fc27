// Runs built programs from dist/ and kills them.
import { expect, test } from 'vitest';
import { keptPromises, runAlertKills } from './alert-kills.mjs';

const KILLS = 5;
const seed = Number(process.env.YUMOPS_TEST_SEED ?? Date.now() % 1_000_000);

test(`alerts that were answered with 200 survive ${KILLS} kills, and nobody is paged twice (seed ${seed})`, async () => {
  const result = await runAlertKills({ kills: KILLS, seed, settleMs: 90_000, mailEveryMs: 1_000 });
  expect(keptPromises(result), JSON.stringify(result, null, 1)).toBe(true);
  expect(result.accepted).toBeGreaterThan(0);
}, 150_000);
