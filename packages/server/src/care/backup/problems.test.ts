import { expect, test } from 'vitest';
import { DAY_MS } from '../../lib/zoned-time.ts';
import type { CatalogueEntry } from './catalogue.ts';
import { backupProblems, lastTick } from './problems.ts';
import type { DrillRecord } from './verify/drill.ts';

const HOUR = 3_600_000;
const DUE = Date.UTC(2026, 0, 20, 3);
const CONFIG = {
  name: 'nightly',
  schedule: '0 3 * * *',
  timeZone: 'UTC',
  tiers: ['logical'] as const,
  targets: { recoveryTimeMs: 900_000, recoveryPointMs: DAY_MS },
};

function entry(at: number, more: Partial<CatalogueEntry> = {}): CatalogueEntry {
  const started = new Date(at).toISOString();
  const id = `nightly-${started}`;
  const verified = { level: 3 as const, at: started, ok: true };
  const none = { parent: null, schemas: null, oneOff: false, synthetic: null, why: null, manifest: null };
  return {
    id,
    name: 'nightly',
    tier: 'logical',
    started,
    status: 'good',
    verified,
    bytes: 100,
    size: 100,
    seconds: 5,
    ...none,
    ...more,
  };
}

const days = (count: number, more: Partial<CatalogueEntry> = {}) =>
  Array.from({ length: count }, (_, index) => entry(DUE - (count - index) * DAY_MS, more));
const today = entry(DUE + 1_000);
const ONCE = entry(DUE + 2_000, { schemas: ['sales'], oneOff: true });
const BAD = { level: 3 as const, at: '', ok: false };
const drill = (more: Partial<DrillRecord>): DrillRecord => ({
  ...{ name: 'nightly', backup: 'x', at: '2026-01-01T00:00:00.000Z', ok: true, phases: {}, findings: [] },
  ...{ recoveryTimeSeconds: 60, recoveryPointSeconds: 60, ...more },
});

const CASES: [string, CatalogueEntry[], DrillRecord | null, number, string[]][] = [
  ['nothing was ever due', [], null, DUE + DAY_MS, []],
  ['all is well', [...days(5), today], drill({}), DUE + HOUR, []],
  ['the newest failed', [...days(5), entry(DUE, { status: 'failed', why: 'no room' })], null, DUE + HOUR, ['failed']],
  ['one runs, and the one before it was good', [...days(5), entry(DUE, { status: 'running' })], null, DUE + HOUR, []],
  ['it is a little late', days(5), null, DUE + 5 * 60_000, []],
  ['it is late', days(5), null, DUE + 30 * 60_000, ['late']],
  ['it was missed', days(5), null, DUE + 3 * HOUR, ['missed']],
  ['it is twice as large', [...days(5), { ...today, size: 200 }], null, DUE + HOUR, ['odd_size']],
  ['it is a third as large', [...days(5), { ...today, size: 33 }], null, DUE + HOUR, ['odd_size']],
  ['it is half as large again', [...days(5), { ...today, size: 150 }], null, DUE + HOUR, []],
  ['there are too few to compare its size', [...days(2), { ...today, size: 500 }], null, DUE + HOUR, []],
  [
    'none was ever verified',
    [...days(5, { verified: null }), { ...today, verified: null }],
    null,
    DUE + HOUR,
    ['never_verified'],
  ],
  ['the first one is too young to be verified', [{ ...today, verified: null }], null, DUE + HOUR, []],
  [
    'the last verification is long ago',
    [entry(DUE - 40 * DAY_MS), ...days(5, { verified: null }), { ...today, verified: null }],
    null,
    DUE + HOUR,
    ['never_verified'],
  ],
  [
    'the newest verified one is not good',
    [...days(5), { ...today, verified: { level: 3, at: '', ok: false } }],
    null,
    DUE + HOUR,
    ['verification_failed'],
  ],
  ['the drill failed', [...days(5), today], drill({ ok: false }), DUE + HOUR, ['drill_failed']],
  ['only a one-off ran since', [...days(5), { ...ONCE }], null, DUE + 3 * HOUR, ['missed']],
  ['a one-off failed', [...days(5), today, { ...ONCE, status: 'failed' }], null, DUE + HOUR, []],
  ['a one-off ran after one that failed', [entry(DUE, { status: 'failed' }), ONCE], null, DUE + HOUR, ['failed']],
  ['a one-off is small and not good', [...days(5), today, { ...ONCE, size: 1, verified: BAD }], null, DUE + HOUR, []],
  ['only a one-off was verified', [...days(5, { verified: null }), ONCE], null, DUE + 60_000, ['never_verified']],
  ['recovery took too long', [...days(5), today], drill({ recoveryTimeSeconds: 901 }), DUE + HOUR, ['over_target']],
  ['too much would be lost', [...days(5), today], drill({ recoveryPointSeconds: 90_000 }), DUE + HOUR, ['over_target']],
];

test.each(CASES)('says what is wrong when %s', (_name, entries, record, now, codes) => {
  expect(backupProblems(CONFIG, entries, record, now).map(({ code }) => code)).toEqual(codes);
});

test.each([
  ['failed', 'The last logical backup failed: no room'],
  ['locked', 'The last logical backup is locked: no room'],
] as const)('a newest backup that is %s is told as "%s"', (status, message) => {
  const [problem] = backupProblems(CONFIG, [entry(DUE, { status, why: 'no room' })], null, DUE + HOUR);
  expect(problem?.message).toBe(message);
});

test('the last tick is found also of rare schedules', () => {
  expect(lastTick({ pattern: '0 3 1 * *', timeZone: 'UTC' }, DUE)).toBe(Date.UTC(2026, 0, 1, 3));
  expect(lastTick({ pattern: '0 3 * * *', timeZone: 'UTC' }, DUE)).toBe(DUE);
});
