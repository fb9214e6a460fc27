import type { RuleConfig } from '../config.ts';
import type { BucketSource } from '../ports.ts';
import { BucketCache, mergeDemands } from './buckets.ts';
import { BurnWindows, type Excluded } from './burn-windows.ts';
import type { WindowReader } from './reading.ts';
import { demandOf, seriesOf } from './series.ts';

/** Rules with one key share a reader. */
export function readerKey(rule: RuleConfig): string {
  return rule.burn ? `burn:${rule.burn.indicator.series}` : seriesOf(rule);
}

/** The readers of these rules, by their keys: every series is read once for all rules over it. */
export function makeReaders(
  source: BucketSource,
  rules: readonly RuleConfig[],
  excluded?: Excluded,
): ReadonlyMap<string, WindowReader> {
  const readers = new Map<string, WindowReader>();
  const plain = rules.filter(({ burn }) => burn === undefined);
  for (const demand of mergeDemands(plain.map(demandOf))) readers.set(demand.series, new BucketCache(source, demand));
  const burning = new Map<string, RuleConfig[]>();
  for (const rule of rules) {
    if (rule.burn) burning.set(readerKey(rule), [...(burning.get(readerKey(rule)) ?? []), rule]);
  }
  for (const [key, own] of burning) readers.set(key, new BurnWindows(source, own, excluded));
  return readers;
}
