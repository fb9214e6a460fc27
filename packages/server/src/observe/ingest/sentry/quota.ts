import type { Clock } from '../../../lib/clock.ts';
import type { Category } from './context.ts';

/** What a key that anyone can read in a web page may send, items a minute. Server keys are bounded by the spool alone. */
const PUBLIC_PER_MINUTE: Readonly<Partial<Record<Category, number>>> = {
  error: 1_000,
  transaction: 2_000,
  span: 30_000,
  session: 5_000,
  feedback: 60,
  attachment: 120,
  replay: 300,
  security: 300,
  internal: 1_000,
};

/** Keys that are remembered; an allowance that was forgotten is full again. */
const MOST_KEYS = 10_000;

interface Bucket {
  left: number;
  at: number;
}

/** A category of which no more is taken, and for how long. */
export interface Limit {
  category: Category;
  /** Whole seconds, at least 1. */
  seconds: number;
}

/** Allowances by key and category: a bucket of one minute's worth that fills up evenly. */
export class Quotas {
  readonly #clock: Clock;
  readonly #perMinute: Readonly<Partial<Record<Category, number>>>;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, perMinute = PUBLIC_PER_MINUTE) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** The categories of which a key may send nothing now. */
  limited(key: string): Limit[] {
    return Object.entries(this.#perMinute).flatMap(([name, perMinute]) => {
      const category = name as Category;
      const { left } = this.#bucket(key, category, perMinute);
      if (left >= 1) return [];
      return [{ category, seconds: Math.max(1, Math.ceil(((1 - left) / perMinute) * 60)) }];
    });
  }

  /** Counts what was taken; one request may go over what is left. */
  charge(key: string, taken: Iterable<readonly [Category, number]>): void {
    for (const [category, quantity] of taken) {
      const perMinute = this.#perMinute[category];
      if (perMinute !== undefined) this.#bucket(key, category, perMinute).left -= quantity;
    }
  }

  #bucket(key: string, category: Category, perMinute: number): Bucket {
    const name = `${category} ${key}`;
    const now = this.#clock.monotonic();
    const known = this.#buckets.get(name);
    if (!known) {
      if (this.#buckets.size >= MOST_KEYS) this.#buckets.clear();
      const bucket = { left: perMinute, at: now };
      this.#buckets.set(name, bucket);
      return bucket;
    }
    known.left = Math.min(perMinute, known.left + ((now - known.at) / 60_000) * perMinute);
    known.at = now;
    return known;
  }
}
