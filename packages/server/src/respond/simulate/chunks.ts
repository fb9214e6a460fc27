import type { Bucket, BucketQuery, BucketSource } from '../alerting/index.ts';
import { firstAfter } from './buckets.ts';

/** Of history that is read at once. */
const CHUNK_MS = 6 * 3_600_000;

/**
 * Reads history in few large pieces and answers many small questions from them. For one reader that goes forward in
 * time and always asks for the same series.
 */
export class Chunks implements BucketSource {
  readonly #source: BucketSource;
  readonly #end: number;
  /** In order of time. */
  #buckets: Bucket[] = [];
  #readUntil: number | null = null;

  /** @param end what lies after it is never asked for, ms since the epoch */
  constructor(source: BucketSource, end: number) {
    this.#source = source;
    this.#end = end;
  }

  async read(query: BucketQuery): Promise<Bucket[]> {
    const { from, to, widthMs } = query;
    while (this.#readUntil === null || this.#readUntil < to) {
      const begin: number = this.#readUntil ?? from;
      const end = Math.max(to, Math.min(begin + CHUNK_MS, this.#end));
      // A slice is read whole: the next piece begins where it ends.
      const aligned = Math.ceil(end / widthMs) * widthMs;
      const next = await this.#source.read({ ...query, from: begin, to: aligned });
      const kept = this.#buckets.slice(firstAfter(this.#buckets, from));
      this.#buckets = [...kept, ...next.sort((a, b) => a.at - b.at)];
      this.#readUntil = aligned;
    }
    return this.#buckets.slice(firstAfter(this.#buckets, from), firstAfter(this.#buckets, to));
  }
}
