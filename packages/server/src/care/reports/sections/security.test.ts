import { expect, test } from 'vitest';
import type { Period } from '../period.ts';
import { type KnownFindings, type SecuritySectionDeps, securitySection } from './security.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 30);
const period: Period = {
  ...{ kind: 'weekly', timeZone: 'UTC', from: NOW - 7 * DAY, to: NOW },
  before: { from: NOW - 14 * DAY, to: NOW - 7 * DAY },
};
const scanned: KnownFindings = { open: [], lastScanAt: NOW - DAY };

const read = (changes: Partial<SecuritySectionDeps>) =>
  securitySection({
    ...{ attacks: async () => [], findings: async () => scanned, knownSince: async () => 0, ...changes },
  }).read(period);

test('nothing attacked and nothing open is told as nothing', async () => {
  const { figures, observations, tables } = await read({});
  expect(figures?.map(({ label, value }) => [label, value])).toEqual([
    ['Attacks', 0],
    ['Critical findings', 0],
    ['High findings', 0],
    ['Not seen', 0],
  ]);
  expect([observations, tables]).toEqual([[], []]);
});

test('attacks of the period beside those before, and what is open', async () => {
  const { figures, observations, tables } = await read({
    attacks: async ({ to }) =>
      to === NOW
        ? [
            { code: 'account_takeover', severity: 'critical', attacks: 1 },
            { code: 'path_scanning', severity: 'medium', attacks: 4 },
          ]
        : [{ code: 'brute_force', severity: 'high', attacks: 2 }],
    findings: async () => ({ open: [{ severity: 'high', findings: 3 }], lastScanAt: NOW }),
  });
  expect(figures?.[0]).toMatchObject({ value: 5, before: 2 });
  expect(tables?.[0]?.rows.map(({ cells }) => cells)).toEqual([
    ['account takeover', 'critical', 1],
    ['path scanning', 'medium', 4],
  ]);
  expect(observations?.map(({ code, size }) => [code, size])).toEqual([
    ['attack', 1],
    ['vulnerability', 0.5],
  ]);
});

test('what nobody looked at is unknown, never zero', async () => {
  const { figures } = await read({ findings: async () => ({ open: [], lastScanAt: null }) });
  expect(figures?.slice(1).map(({ value, note }) => [value, note])).toEqual(
    Array(3).fill([null, 'No security scan has run yet.']),
  );
  expect(await read({ knownSince: async () => NOW })).toEqual({ unknown: 'Nothing watched in this time.' });
});
