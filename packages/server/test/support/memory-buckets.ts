import { durationClass } from '../../src/respond/alerting/evaluate/duration-class.ts';
import type { Bucket, BucketQuery, BucketSource } from '../../src/respond/alerting/ports.ts';

export interface Sample {
  series: string;
  /** ms since the epoch. */
  at: number;
  labels?: Record<string, string>;
  count?: number;
  bad?: number;
  /** Of each occurrence. */
  value?: number;
}

/** What happened, kept as single samples and cut into buckets when asked. */
export class MemoryBuckets implements BucketSource {
  readonly samples: Sample[] = [];

  async read({ series, dimensions, from, to, widthMs }: BucketQuery): Promise<Bucket[]> {
    const buckets = new Map<string, Bucket & { classMap: Map<number, number> }>();
    for (const sample of this.samples) {
      const at = Math.ceil(sample.at / widthMs) * widthMs;
      if (sample.series !== series || at <= from || sample.at > to) continue;
      const labels = Object.fromEntries(
        dimensions.flatMap((name) => (sample.labels?.[name] ? [[name, sample.labels[name]]] : [])),
      );
      const key = JSON.stringify([at, labels]);
      const count = sample.count ?? 1;
      const value = sample.value ?? 0;
      const bucket = buckets.get(key) ?? {
        ...{
          at,
          labels,
          count: 0,
          bad: 0,
          sum: 0,
          min: value,
          max: value,
          last: value,
          lastAt: sample.at,
          classes: [],
        },
        classMap: new Map<number, number>(),
      };
      bucket.count += count;
      bucket.bad += sample.bad ?? 0;
      bucket.sum += value * count;
      bucket.min = Math.min(bucket.min, value);
      bucket.max = Math.max(bucket.max, value);
      if (sample.at >= bucket.lastAt) Object.assign(bucket, { last: value, lastAt: sample.at });
      const index = durationClass(value);
      bucket.classMap.set(index, (bucket.classMap.get(index) ?? 0) + count);
      buckets.set(key, bucket);
    }
    return [...buckets.values()].map(({ classMap, ...bucket }) => ({ ...bucket, classes: [...classMap] }));
  }
}
