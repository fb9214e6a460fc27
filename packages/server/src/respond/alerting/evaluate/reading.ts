import type { RuleConfig } from '../config.ts';
import { type Labels, labelsKey } from '../fingerprint.ts';
import type { Bucket } from '../ports.ts';
import type { BucketCache } from './buckets.ts';
import { percentile } from './duration-class.ts';

/** A rule's window for one combination of its `by` labels. */
export interface Reading {
  /** Every name of `by`; empty text where the series has no such label. */
  labels: Labels;
  count: number;
  bad: number;
  /** The reduced value; null when the window is empty. */
  value: number | null;
  /** How many series were added up. */
  series: number;
  /** Time between two samples of one series as observed, ms; null with fewer than two. */
  gapMs: number | null;
  /** The newest sample until the end of the window, also when it is older than the window; ms. */
  lastAt: number;
  /** For an alert on an error budget: what its two windows hold. */
  burn?: { long: Tally; short: Tally };
}

/** What a stretch of time holds. */
export interface Tally {
  total: number;
  bad: number;
}

/** What rules read of one series, kept in memory. */
export interface WindowReader {
  /** Width of its slices; one is whole when it has ended. */
  readonly sliceMs: number;
  /** Reads what is new until `to`, ms since the epoch. */
  refresh(to: number): Promise<void>;
  /** The rule's window that ends at `at` (ms), one reading for each combination of its labels. */
  read(rule: RuleConfig, at: number): Reading[];
}

type Asked = Pick<RuleConfig, 'condition' | 'metric' | 'windowMs' | 'by' | 'projects' | 'environments'>;

/** Reads the half-open window `(at - window, at]` of a rule, one reading for each combination of its labels. */
export function readWindow(cache: BucketCache, rule: Asked, at: number): Reading[] {
  const groups = new Map<string, { labels: Labels; parts: Bucket[][]; lastAt: number }>();
  const wants = (labels: Labels) => selected(rule, labels);
  for (const { labels, buckets, lastAt } of cache.window(at - rule.windowMs, at, rule, wants)) {
    const own = Object.fromEntries(rule.by.map((name) => [name, labels[name] ?? '']));
    const key = labelsKey(own);
    const group = groups.get(key) ?? { labels: own, parts: [], lastAt };
    group.parts.push(buckets);
    group.lastAt = Math.max(group.lastAt, lastAt);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, parts, lastAt }) => ({ ...fold(rule, parts), labels, lastAt }));
}

/** The labels a rule filters or splits by. */
export function dimensionsOf(rule: Asked): string[] {
  const filters = Object.keys(rule.condition.labels);
  const scope = [
    ...(rule.projects.length > 0 ? ['project'] : []),
    ...(rule.environments.length > 0 ? ['environment'] : []),
  ];
  return [...new Set([...filters, ...scope, ...rule.by])];
}

function selected(rule: Asked, labels: Labels): boolean {
  const matches = Object.entries(rule.condition.labels).every(([name, value]) => labels[name] === value);
  const inScope = (allowed: readonly string[], name: string) =>
    allowed.length === 0 || allowed.includes(labels[name] ?? '');
  return matches && inScope(rule.projects, 'project') && inScope(rule.environments, 'environment');
}

function fold(rule: Asked, parts: readonly Bucket[][]): Omit<Reading, 'labels' | 'lastAt'> {
  const filled = parts.filter((buckets) => buckets.length > 0);
  const all = filled.flat();
  const count = all.reduce((sum, bucket) => sum + bucket.count, 0);
  return {
    count,
    bad: all.reduce((sum, bucket) => sum + bucket.bad, 0),
    value: count === 0 ? null : reduce(rule, all, count),
    series: filled.length,
    gapMs: largestOf(filled.map(gapOf)),
  };
}

function reduce(rule: Asked, buckets: readonly Bucket[], count: number): number {
  const sum = (pick: (bucket: Bucket) => number) => buckets.reduce((total, bucket) => total + pick(bucket), 0);
  switch (rule.condition.reducer) {
    case 'ratio':
      return (100 * sum((bucket) => bucket.bad)) / count;
    case 'count':
      return scaleCount(rule, count);
    case 'avg':
      return sum((bucket) => bucket.sum) / count;
    case 'sum':
      return sum((bucket) => bucket.sum);
    case 'min':
      return buckets.reduce((least, bucket) => Math.min(least, bucket.min), Number.POSITIVE_INFINITY);
    case 'max':
      return buckets.reduce((most, bucket) => Math.max(most, bucket.max), Number.NEGATIVE_INFINITY);
    case 'last':
      return buckets.reduce((newest, bucket) => (bucket.lastAt >= newest.lastAt ? bucket : newest)).last;
    case 'p50':
      return percentileOf(buckets, 0.5);
    case 'p75':
      return percentileOf(buckets, 0.75);
    case 'p95':
      return percentileOf(buckets, 0.95);
    case 'p99':
      return percentileOf(buckets, 0.99);
  }
}

/** Events per second for rates; otherwise the count, scaled by `per` / window when the condition says `per`. */
export function scaleCount(rule: Pick<Asked, 'condition' | 'metric' | 'windowMs'>, count: number): number {
  if (rule.metric?.unit === '/s') return count / (rule.windowMs / 1_000);
  const { perMs } = rule.condition;
  return perMs === null ? count : (count * perMs) / rule.windowMs;
}

function percentileOf(buckets: readonly Bucket[], p: number): number {
  const classes = new Map<number, number>();
  for (const bucket of buckets) {
    for (const [index, count] of bucket.classes) classes.set(index, (classes.get(index) ?? 0) + count);
  }
  return percentile(classes, p) ?? 0;
}

/** Mean time between two samples of a series, ms; null with fewer than two. */
function gapOf(buckets: readonly Bucket[]): number | null {
  let count = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const bucket of buckets) {
    count += bucket.count;
    first = Math.min(first, bucket.lastAt);
    last = Math.max(last, bucket.lastAt);
  }
  return count < 2 ? null : (last - first) / (count - 1);
}

function largestOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((most, value) => (value === null ? most : Math.max(most ?? value, value)), null);
}
