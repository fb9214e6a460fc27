import 'node:child_process';
import { expect, test } from 'vitest';
import { seededRandom } from '../crash/seeded-random.mjs';
import { runPhysicalKills } from './physical-kills.ts';

const kills = Number(process.env.SOAK_KILLS ?? 5);
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);

test(
  'a receiver killed at random moments leaves no gap, and no backup that is called good and is not',
  async () => {
    const report = await runPhysicalKills(kills, seededRandom(seed));
    console.log({ seed, ...report });
    expect(report).toMatchObject({ broken: [], same: true });
    expect(report.good + report.interrupted).toBeGreaterThan(1);
    expect(report.inPieces).toBeGreaterThan(0);
  },
  120_000 + kills * 10_000,
);
