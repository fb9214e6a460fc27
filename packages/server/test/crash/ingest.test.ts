// Runs built programs from dist/ and kills them.
import { expect, it } from 'vitest';
import { runIngestFuzz } from './ingest-fuzz.mjs';
import { runIngestKills } from './ingest-kills.mjs';

it('loses and doubles nothing when platform and engine are killed during ingest', { timeout: 120_000 }, async () => {
  const result = await runIngestKills({ kills: 6, seed: 20_261_123 });
  expect(result).toMatchObject({ lost: 0, doubled: 0, deadLetters: 0 });
  expect(result.sent).toBeGreaterThan(0);
});

it('survives mutated bodies and answers each with 2xx or 4xx', { timeout: 120_000 }, async () => {
  const { statuses, drained, exitCode } = await runIngestFuzz({ bodies: 2_000, seed: 20_261_123 });
  expect(
    Object.keys(statuses).every((status) => /^[24]/.test(status)),
    JSON.stringify(statuses),
  ).toBe(true);
  expect(statuses['202']).toBeGreaterThan(500);
  expect(statuses['400']).toBeGreaterThan(50);
  expect({ drained, exitCode }).toEqual({ drained: true, exitCode: 0 });
});
