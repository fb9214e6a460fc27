import type { RuleConfig } from '../config.ts';
import { type Labels, labelsKey } from '../fingerprint.ts';
import type { Bucket, BucketSource } from '../ports.ts';
import { type Reading, readWindow, type WindowReader } from './reading.ts';

/** Rows that arrive late are still counted when the tail is read again; and rules evaluate at differing instants. */
const TAIL_MS = 120_000;
const FINE_MS = 1_000;
const COARSE_MS = 10_000;
const HOUR_MS = 3_600_000;

/** What the rules over one series need between them. */
export interface Demand {
  series: string;
  dimensions: readonly string[];
  /** The longest window, ms. */
  spanMs: number;
  /** Some rule asks for a percentile. */
  classes: boolean;
}

/** One combination of labels and its buckets by end. */
interface Series {
  labels: Labels;
  buckets: Map<number, Bucket>;
}

/**
 * The buckets of one series in memory, for all rules over it. It is filled by query at the start, then the newest part is
 * read again for every evaluation.
 */
export class BucketCache implements WindowReader {
  readonly #source: BucketSource;
  readonly #demand: Demand;
  readonly sliceMs: number;
  readonly #series = new Map<string, Series>();
  /** Which combinations of labels a reader wants, as long as there are no others. */
  readonly #chosen = new WeakMap<object, { version: number; series: readonly Series[] }>();
  /** Grows when a combination of labels comes or goes. */
  #version = 0;
  #readUntil: number | null = null;

  constructor(source: BucketSource, demand: Demand) {
    this.#source = source;
    this.#demand = demand;
    this.sliceMs = demand.spanMs > HOUR_MS ? COARSE_MS : FINE_MS;
  }

  /** Reads what is new until `to` (ms), and forgets what no window reaches any more. */
  async refresh(to: number): Promise<void> {
    const start = to - this.#demand.spanMs - TAIL_MS;
    const from = this.#readUntil === null ? start : Math.max(start, this.#readUntil - TAIL_MS);
    const aligned = Math.floor(from / this.sliceMs) * this.sliceMs;
    const rows = await this.#source.read({
      series: this.#demand.series,
      dimensions: this.#demand.dimensions,
      from: aligned,
      to,
      widthMs: this.sliceMs,
      classes: this.#demand.classes,
    });
    this.#forget(start, aligned);
    for (const row of rows) this.#put(row);
    this.#dropEmpty();
    this.#readUntil = to;
  }

  read(rule: RuleConfig, at: number): Reading[] {
    return readWindow(this, rule, at);
  }

  /**
   * The buckets that end in `(from, to]`, by combination of labels, and the last sample until `to` (ms).
   * @param reader whoever asks; it always wants the same labels, so that one of many rules need not look at all series
   */
  *window(
    from: number,
    to: number,
    reader: object,
    wants: (labels: Labels) => boolean,
  ): Iterable<{ labels: Labels; buckets: Bucket[]; lastAt: number }> {
    for (const { labels, buckets } of this.#seriesFor(reader, wants)) {
      const known = [...buckets.values()].filter((bucket) => bucket.at <= to);
      const lastAt = known.reduce((newest, bucket) => Math.max(newest, bucket.lastAt), 0);
      yield { labels, buckets: known.filter((bucket) => bucket.at > from), lastAt };
    }
  }

  #seriesFor(reader: object, wants: (labels: Labels) => boolean): readonly Series[] {
    const known = this.#chosen.get(reader);
    if (known?.version === this.#version) return known.series;
    const series = [...this.#series.values()].filter(({ labels }) => wants(labels));
    this.#chosen.set(reader, { version: this.#version, series });
    return series;
  }

  #put(row: Bucket): void {
    const key = labelsKey(row.labels);
    let series = this.#series.get(key);
    if (!series) {
      series = { labels: row.labels, buckets: new Map() };
      this.#series.set(key, series);
      this.#version++;
    }
    series.buckets.set(row.at, row);
  }

  /** Drops what is too old, and what is about to be read again. */
  #forget(before: number, after: number): void {
    for (const { buckets } of this.#series.values()) {
      for (const at of buckets.keys()) if (at <= before || at > after) buckets.delete(at);
    }
  }

  #dropEmpty(): void {
    for (const [key, { buckets }] of this.#series) {
      if (buckets.size > 0) continue;
      this.#series.delete(key);
      this.#version++;
    }
  }
}

/** The needs of several rules over one series, in one. */
export function mergeDemands(demands: readonly Demand[]): Demand[] {
  const merged = new Map<string, Demand>();
  for (const demand of demands) {
    const known = merged.get(demand.series);
    merged.set(demand.series, {
      series: demand.series,
      dimensions: [...new Set([...(known?.dimensions ?? []), ...demand.dimensions])].sort(),
      spanMs: Math.max(known?.spanMs ?? 0, demand.spanMs),
      classes: demand.classes || known?.classes === true,
    });
  }
  return [...merged.values()];
}
