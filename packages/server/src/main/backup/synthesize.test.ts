import { expect, test } from 'vitest';
import type { CatalogueEntry } from '../../care/backup/index.ts';
import { isDue } from './synthesize.ts';

const entry = (id: string, parent: string | null, more: Partial<CatalogueEntry> = {}) =>
  ({ id, parent, tier: 'physical', status: 'good', ...more }) as CatalogueEntry;
const chain = [entry('full', null), entry('one', 'full'), entry('two', 'one'), entry('three', 'two')];
const config = { name: 'nightly', tiers: ['physical'], syntheticFullAfter: 3 } as const;

test.each([
  ['so many increments', config, chain, true],
  ['fewer', config, chain.slice(0, -1), false],
  ['a full one behind them', config, [...chain, entry('put-together', null)], false],
  ['what failed does not count', config, [...chain, entry('four', 'three', { status: 'failed' })], true],
  ['never', { ...config, syntheticFullAfter: 0 }, chain, false],
  ['no physical tier', { ...config, tiers: ['logical'] as const }, chain, false],
  ['YumOps itself', { ...config, name: 'yumops-self' }, chain, false],
  ['nothing', config, [], false],
])('whether a full one is due: %s', (_, wanted, entries, due) => {
  expect(isDue(wanted, entries)).toBe(due);
});
