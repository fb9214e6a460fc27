import type { RuleConfig } from '../config.ts';
import type { Episode } from '../episode.ts';
import { BucketCache } from '../evaluate/buckets.ts';
import { BurnWindows } from '../evaluate/burn-windows.ts';
import { demandOf } from '../evaluate/series.ts';
import type { BucketSource } from '../ports.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** The rule's value over the last hour, one point a minute, for the labels of one alert. */
export async function seriesOfAlert(
  buckets: BucketSource,
  rule: RuleConfig,
  episode: Pick<Episode, 'labels' | 'state' | 'resolvedAt'>,
  now: number,
): Promise<[number, number | null][]> {
  const end = episode.resolvedAt === null ? now : Math.min(now, episode.resolvedAt + HOUR_MS / 4);
  const last = Math.floor(end / MINUTE_MS) * MINUTE_MS;
  const reader = rule.burn
    ? new BurnWindows(buckets, [rule])
    : new BucketCache(buckets, { ...demandOf(rule), spanMs: rule.windowMs + HOUR_MS });
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
