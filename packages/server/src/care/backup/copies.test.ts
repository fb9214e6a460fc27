import { expect, test } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import type { CatalogueEntry } from './catalogue.ts';
import { type CopyState, copyProblems, copyStateOf, unreadableCopy } from './copies.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const copyTo = {
  name: 'offsite',
  url: { secret: new Secret('file:./second'), broken: null },
  pruneUrl: null,
  lockMs: null,
  retention: { daily: 3, weekly: 0, monthly: 0 },
};

function entry(started: string, more: Partial<CatalogueEntry> = {}): CatalogueEntry {
  const id = `nightly-${started}`;
  const made = { id, name: 'nightly', tier: 'logical' as const, parent: null, status: 'good' as const, verified: null };
  const none = { schemas: null, oneOff: false, synthetic: null, why: null, manifest: '' };
  return { ...made, ...none, started: `${started}:00Z`, bytes: 1, size: 1, seconds: 60, ...more };
}

function stateOf(first: CatalogueEntry[], second: CatalogueEntry[]): CopyState {
  const there = { address: 'file:/second', entries: second, recoverable: { earliest: null, latest: null } };
  return copyStateOf({ copyTo, timeZone: 'UTC', pitrWindowMs: 7 * 86_400_000 }, first, there, NOW);
}

const days = ['2026-03-07T03:00', '2026-03-08T03:00', '2026-03-09T03:00', '2026-03-10T03:00'].map((at) => entry(at));
const ids = (entries: CatalogueEntry[]) => entries.map(({ id }) => id);
const ok = { level: 1 as const, at: '2026-03-10T05:30:00Z', ok: true };

test('what the retention of the second destination would keep belongs there, and nothing else', () => {
  expect(stateOf(days, [])).toMatchObject({ missing: ids(days.slice(1)), lagSeconds: 2.375 * 86_400 - 60 });
  expect(stateOf(days, days.slice(1))).toMatchObject({ missing: [], lagSeconds: 0 });
  expect(stateOf(days, days.slice(1, 3))).toMatchObject({ missing: ids(days.slice(3)), lagSeconds: 9 * 3_600 - 60 });
});

test('what the recovery window needs belongs there, whatever the retention', () => {
  const bases = ['01', '02', '03', '04', '08', '09', '10'].map((day) =>
    entry(`2026-03-${day}T03:00`, { tier: 'physical' }),
  );
  // The window of seven days began at noon on the third.
  expect(stateOf(bases, [])).toMatchObject({ missing: ids(bases.slice(2)) });
  expect(stateOf(bases, bases.slice(3))).toMatchObject({ missing: ids(bases.slice(2, 3)) });
});

test('a failed run, and a backup that only the second holds, are not missing', () => {
  const failed = entry('2026-03-10T09:00', { status: 'failed' });
  expect(stateOf([...days.slice(3), failed], days)).toMatchObject({ missing: [] });
});

test('that the first verified a backup is no reason for the second to have it', () => {
  const old = entry('2026-02-01T03:00', { verified: { level: 3, at: '2026-02-01T06:00:00Z', ok: true } });
  expect(stateOf([old, ...days], days)).toMatchObject({ missing: [] });
});

test('an increment needs what it builds on there', () => {
  const [full, child] = [entry('2026-03-01T03:00'), entry('2026-03-10T03:00', { parent: 'nightly-2026-03-01T03:00' })];
  const all = [full, ...days.slice(1, 3), child].map((item) => ({ ...item, tier: 'physical' as const }));
  expect(stateOf(all, all.slice(1, 3)).missing).toEqual(ids([full, child]));
});

test.each<[string, CopyState, string[]]>([
  ['all there and read', stateOf(days, [...days.slice(1, 3), { ...(days[3] as CatalogueEntry), verified: ok }]), []],
  ['missing for an hour', stateOf([entry('2026-03-10T11:00')], []), []],
  ['missing for three', stateOf([entry('2026-03-10T09:00')], []), ['copy_missing']],
  ['away', unreadableCopy(copyTo, 'it does not answer'), ['copy_unreadable']],
  ['never read', stateOf(days.slice(2), days.slice(2)), []],
  ['never read in three days', stateOf(days, days), ['copy_never_verified']],
  [
    'not read for nine days',
    stateOf(days, [entry('2026-03-01T03:00', { verified: { ...ok, at: '2026-03-01T05:30:00Z' } }), ...days]),
    ['copy_never_verified'],
  ],
  ['all that is left', stateOf([], days.slice(2)), ['lost']],
  [
    'damaged',
    stateOf(days, [...days.slice(0, 3), { ...(days[3] as CatalogueEntry), verified: { ...ok, ok: false } }]),
    ['copy_verification_failed'],
  ],
])('copies that are %s', (_, state, codes) => {
  const found = copyProblems({ name: 'nightly', tiers: ['logical'] }, state, NOW);
  expect(found.map(({ code }) => code)).toEqual(codes);
  for (const { message } of found) expect(message).toContain('"offsite"');
});
