import type { DropCounter } from '../transport/drop-counter.ts';

/** Limits of what is written in a storm. They hold for `trace`, `debug` and `info`; `warn` and above are always written. */
export interface SamplingOptions {
  /**
   * Most records of one message a second; those beyond become one record each second with their exact number in `collapsed`. Messages that differ
   * only in numbers and ids are one. Below 1 it is one in so many seconds: 0.1 is one in 10 s; 0 is none. Default no limit.
   */
  perMessage?: number;
  /** Most records a second, of all messages together, that are all written; parts of one as in `perMessage`. Default no limit. */
  burst?: number;
  /** Share of those beyond `burst` that is written, 0 to 1, default 0. The others are counted as dropped for the reason `sampled`. */
  rate?: number;
}

/** How often a message was left out. */
export interface Collapsed {
  /** Index into `LEVELS`. */
  level: number;
  /** The message with `#` for its numbers and ids. */
  template: string;
  count: number;
  /** When the first of them was left out, milliseconds since the epoch. */
  since: number;
}

interface Bucket extends Collapsed {
  tokens: Tokens;
}

const REPORT_AFTER = 1000;
/** Messages that are told apart; with more the counts are reported and all begin anew. */
const MOST_MESSAGES = 2000;
/** One, less what adding up shares such as a tenth leaves out. */
const WHOLE = 1 - 1e-9;
const VARIABLE = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(?=[a-f]*\d)[0-9a-f]{8,}\b|\d+(?:[.,]\d+)*/gi;

/** A bucket of `perSecond` tokens that fills within a second. With less than one a second it holds one, and fills within its time. */
class Tokens {
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #at: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#most = perSecond > 0 ? Math.max(1, perSecond) : 0;
    this.#left = this.#most;
    this.#at = now;
  }

  take(now: number): boolean {
    // A clock that was put back stands still here.
    this.#left = Math.min(this.#most, this.#left + (Math.max(0, now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#left < WHOLE) {
      return false;
    }
    this.#left -= 1;
    return true;
  }
}

function limitOf(given: number | undefined): number {
  return given !== undefined && given >= 0 ? given : Number.POSITIVE_INFINITY;
}

/** Decides which records of a storm are written, and counts the others exactly. */
export class RateGuard {
  readonly #perMessage: number;
  readonly #rate: number;
  readonly #clock: () => number;
  readonly #drops: DropCounter;
  readonly #report: (collapsed: Collapsed) => void;
  readonly #burst: Tokens | undefined;
  /** By level and whole text, so that most messages need not be searched for numbers. */
  #known: Map<string, Bucket>[] = [];
  #buckets = new Map<string, Bucket>();
  #messages = 0;
  #credit = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param report writes the record that stands for those which were left out */
  constructor(
    options: SamplingOptions,
    clock: () => number,
    drops: DropCounter,
    report: (collapsed: Collapsed) => void,
  ) {
    const burst = limitOf(options.burst);
    this.#perMessage = limitOf(options.perMessage);
    this.#rate = Math.min(1, Math.max(0, options.rate ?? 0));
    this.#clock = clock;
    this.#drops = drops;
    this.#report = report;
    this.#burst = burst === Number.POSITIVE_INFINITY ? undefined : new Tokens(burst, clock());
  }

  /** Whether to write a record. @param level index into `LEVELS`, below that of `warn` */
  admits(level: number, message: unknown): boolean {
    const now = this.#clock();
    const text = typeof message === 'string' ? message : '';
    return (this.#perMessage === Number.POSITIVE_INFINITY || this.#mayRepeat(level, text, now)) && this.#mayBurst(now);
  }

  /** Reports at once what was left out and not reported yet. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const bucket of this.#buckets.values()) {
      const { level, template, count, since } = bucket;
      if (count > 0) {
        bucket.count = 0;
        this.#report({ level, template, count, since });
      }
    }
  }

  #mayRepeat(level: number, text: string, now: number): boolean {
    const bucket = this.#known[level]?.get(text) ?? this.#bucketOf(level, text, now);
    if (bucket.tokens.take(now)) {
      return true;
    }
    if (bucket.count === 0) {
      bucket.since = now;
    }
    bucket.count += 1;
    this.#drops.add('collapsed', 1);
    this.#timer ??= setTimeout(() => this.settle(), REPORT_AFTER).unref();
    return false;
  }

  #bucketOf(level: number, text: string, now: number): Bucket {
    if (++this.#messages > MOST_MESSAGES) {
      this.#messages = 1;
      this.#known = [];
      if (this.#buckets.size > MOST_MESSAGES / 2) {
        this.settle();
        this.#buckets = new Map();
      }
    }
    const template = text.slice(0, 256).replace(VARIABLE, '#');
    const key = `${level} ${template}`;
    const bucket = this.#buckets.get(key) ?? {
      ...{ level, template, count: 0, since: now },
      tokens: new Tokens(this.#perMessage, now),
    };
    this.#buckets.set(key, bucket);
    this.#known[level] ??= new Map();
    this.#known[level].set(text, bucket);
    return bucket;
  }

  #mayBurst(now: number): boolean {
    if (this.#burst === undefined || this.#burst.take(now)) {
      return true;
    }
    this.#credit += this.#rate;
    if (this.#credit >= WHOLE) {
      this.#credit -= 1;
      return true;
    }
    this.#drops.add('sampled', 1);
    return false;
  }
}
