import type { RuleSeries } from '@yumops/protocol';
import type { RuleConfig } from '../config.ts';
import type { Episode } from '../episode.ts';
import { BucketCache } from '../evaluate/buckets.ts';
import { BurnWindows } from '../evaluate/burn-windows.ts';
import { demandOf } from '../evaluate/series.ts';
import { labelsKey } from '../fingerprint.ts';
import type { BucketSource } from '../ports.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const SERIES_MS = 3 * HOUR_MS;
const MOST_SERIES = 10;

/** What the rule saw over the last three hours, one point a minute, for each combination of its labels; ten at most. */
export async function seriesOfRule(
  buckets: BucketSource,
  rule: RuleConfig,
  now: number,
): Promise<{ series: RuleSeries[]; total: number }> {
  const last = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const reader = readerOf(buckets, rule, SERIES_MS);
  await reader.refresh(last);
  const found = new Map<string, RuleSeries>();
  for (let at = last - SERIES_MS; at <= last; at += MINUTE_MS) {
    for (const { labels, value, count } of reader.read(rule, at)) {
      const key = labelsKey(labels);
      const own = found.get(key) ?? { labels: { ...labels }, points: [] };
      found.set(key, own);
      own.points.push([at, value, count]);
    }
  }
  const series = [...found.values()].sort((a, b) => lastOf(b) - lastOf(a));
  return { series: series.slice(0, MOST_SERIES), total: series.length };
}

function lastOf({ points }: RuleSeries): number {
  return points.findLast(([, value]) => value !== null)?.[1] ?? Number.NEGATIVE_INFINITY;
}

function readerOf(buckets: BucketSource, rule: RuleConfig, spanMs: number): BurnWindows | BucketCache {
  if (rule.burn) return new BurnWindows(buckets, [rule]);
  return new BucketCache(buckets, { ...demandOf(rule), spanMs: rule.windowMs + spanMs });
}

/** The rule's value over the last hour, one point a minute, for the labels of one alert. */
export async function seriesOfAlert(
  buckets: BucketSource,
  rule: RuleConfig,
  episode: Pick<Episode, 'labels' | 'state' | 'resolvedAt'>,
  now: number,
): Promise<[number, number | null][]> {
  const end = episode.resolvedAt === null ? now : Math.min(now, episode.resolvedAt + HOUR_MS / 4);
  const last = Math.floor(end / MINUTE_MS) * MINUTE_MS;
  const reader = readerOf(buckets, rule, HOUR_MS);
  await reader.refresh(last);
  const points: [number, number | null][] = [];
  for (let at = last - HOUR_MS; at <= last; at += MINUTE_MS) {
    const own = reader
      .read(rule, at)
      .find(({ labels }) => rule.by.every((name) => (labels[name] ?? '') === (episode.labels[name] ?? '')));
    points.push([at, own?.value ?? null]);
  }
  return points;
}
