import { randomUUID } from 'node:crypto';
import type { Sink } from '../logging/sink.ts';
import { deliverAtExit, type FinalBatch } from './deliver-at-exit.ts';
import type { DropCounter } from './drop-counter.ts';
import { gzip, gzipNow } from './gzip.ts';
import { type Answer, BATCH_HEADER, post } from './http-post.ts';
import { SegmentedBuffer } from './segmented-buffer.ts';

export interface SenderOptions {
  /** Origin of YumOps. */
  url: string;
  key: string | undefined;
  drops: DropCounter;
  /** Most memory for lines that wait, bytes; default 8 MiB. */
  maxBuffer?: number;
  /** Most bytes of one batch before compression, default 512 KiB. */
  maxBatch?: number;
  /** Longest time that a line waits for company, milliseconds; default 1,000. */
  interval?: number;
  /** Time limit of one request, milliseconds; default 10,000. */
  timeout?: number;
  /** First and longest pause after a failure, milliseconds; default 500 and 30,000. */
  backoff?: { base: number; cap: number };
  /** What is sent, default lines of JSON as YumOps takes them. */
  format?: WireFormat;
  /** Told once about a condition that a person has to repair. */
  warn: (message: string) => void;
}

/** How lines become the body of a request, and what its answer means. */
export interface WireFormat {
  path: string;
  headers: Readonly<Record<string, string>>;
  contentType: string;
  encode(lines: Buffer): Buffer;
  /** Records that the receiver refused although it took the batch. @param body its answer */
  rejectedIn(body: string): number;
  /** Whether the counts of lost lines go out here. */
  reportsDrops: boolean;
  /** Whether a batch that was answered with a status from 400 on is sent again. */
  isTemporary(status: number): boolean;
  /** What a person looks at when batches are refused for good. */
  check: string;
}

interface Batch {
  id: string;
  bytes: Buffer;
  compressed: boolean;
  lines: number;
}

type Verdict = 'delivered' | 'again' | 'refused';

const LIMITS = {
  maxBuffer: 8 * 1024 * 1024,
  maxBatch: 512 * 1024,
  interval: 1000,
  timeout: 10_000,
  backoff: { base: 500, cap: 30_000 },
};

/** Least pause between reports of what was lost, milliseconds. */
const REPORT_EVERY = 30_000;

const JSON_LINES: WireFormat = {
  path: '/ingest/ndjson',
  headers: {},
  contentType: 'application/x-ndjson',
  encode: (lines) => lines,
  rejectedIn,
  reportsDrops: true,
  isTemporary: (status) => status === 429 || status === 408 || status >= 500,
  check: 'YUMOPS_URL and YUMOPS_KEY',
};

function verdictOf(status: number, { isTemporary }: WireFormat): Verdict {
  if (status >= 200 && status < 300) {
    return 'delivered';
  }
  return isTemporary(status) ? 'again' : 'refused';
}

function rejectedIn(body: string): number {
  try {
    const { rejected } = JSON.parse(body) as { rejected?: unknown };
    return Array.isArray(rejected) ? rejected.length : 0;
  } catch {
    return 0;
  }
}

/**
 * Sends lines to YumOps in compressed batches. A batch keeps its id over all its attempts, so that a repetition is not stored
 * twice. While YumOps is away, lines wait within a fixed memory; what has to give way is counted by reason.
 */
export class BatchSender implements Sink {
  readonly #options: Required<SenderOptions>;
  readonly #endpoint: URL;
  readonly #buffer: SegmentedBuffer;
  #current: Batch | undefined;
  #failures = 0;
  /** Until then the server asked to be left alone; monotonic, milliseconds. */
  #quietUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<void> | undefined;
  #closed = false;
  #warned = false;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SenderOptions) {
    this.#options = { ...LIMITS, format: JSON_LINES, ...options };
    const { path } = this.#options.format;
    this.#endpoint = new URL(options.url.endsWith(path) ? options.url : path, options.url);
    this.#buffer = new SegmentedBuffer(this.#options.maxBuffer);
  }

  /** Lines that wait for delivery. */
  get pending(): number {
    return this.#buffer.lines + (this.#current?.lines ?? 0);
  }

  write(level: number, line: string, worth = level): void {
    if (this.#closed) {
      this.#options.drops.add('closed', 1);
      return;
    }
    const { kept, evicted } = this.#buffer.append(worth, line);
    if (!kept || evicted > 0) {
      this.#options.drops.add('buffer_full', evicted + (kept ? 0 : 1));
    }
    if (this.#busy !== undefined) {
      return;
    }
    if (this.#failures === 0 && this.#buffer.allocated >= this.#options.maxBatch) {
      this.#sendNow();
    } else if (this.#timer === undefined) {
      this.#schedule(this.#options.interval);
    }
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    const empty = await this.#emptyWithin(end);
    // Only now: in a full buffer something else would give way for the count.
    return empty && this.#appendDrops() ? this.#emptyWithin(end) : empty;
  }

  async #emptyWithin(end: number): Promise<boolean> {
    while (this.pending > 0 && performance.now() < end) {
      await this.#pause(Math.min(this.#quietUntil, end) - performance.now());
      this.#sendNow();
      await this.#within(end);
      if (this.#failures > 0 && this.pending > 0) {
        await this.#pause(Math.min(this.#delay(), end - performance.now()));
      }
    }
    return this.pending === 0;
  }

  async close(timeoutMs: number): Promise<boolean> {
    const empty = await this.flush(timeoutMs);
    this.#closed = true;
    clearTimeout(this.#timer);
    if (!empty) {
      this.giveUp();
    }
    return empty;
  }

  /**
   * For the very end of the process: sends what waits from a child process, unless YumOps is known to be away.
   * @returns true when nothing is left
   */
  deliverSync(timeoutMs: number): boolean {
    const batches = this.#failures > 0 ? [] : this.#takeAll();
    if (this.#appendDrops()) {
      batches.push(...this.#takeAll());
    }
    const taken = batches.length === 0 ? 0 : deliverAtExit(this.#endpoint, this.#headers(), batches, timeoutMs);
    const lost = this.pending + batches.slice(taken).reduce((sum, batch) => sum + batch.lines, 0);
    this.#giveUp(lost);
    return lost === 0;
  }

  /** Counts what still waits as lost and says so. For a process that ends. */
  giveUp(): void {
    this.#giveUp(this.pending);
    this.#current = undefined;
    this.#buffer.take(Number.POSITIVE_INFINITY);
  }

  #giveUp(lines: number): void {
    if (lines > 0) {
      this.#options.drops.add('closed', lines);
      this.#options.warn(`${lines} records could not be delivered before the process ended`);
    }
  }

  #takeAll(): FinalBatch[] {
    const batches: FinalBatch[] = [];
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) {
      const body = current.compressed ? current.bytes : gzipNow(this.#options.format.encode(current.bytes));
      batches.push({ id: current.id, body, lines: current.lines });
    }
    for (
      let taken = this.#buffer.take(this.#options.maxBatch);
      taken !== undefined;
      taken = this.#buffer.take(this.#options.maxBatch)
    ) {
      batches.push({ id: randomUUID(), body: gzipNow(this.#options.format.encode(taken.bytes)), lines: taken.lines });
    }
    return batches;
  }

  #headers(): Record<string, string> {
    const { key, format } = this.#options;
    const headers = { ...format.headers, 'content-type': format.contentType, 'content-encoding': 'gzip' };
    return key === undefined ? headers : { ...headers, 'x-yumops-key': key };
  }

  async #within(end: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, end - performance.now()));
    });
    await Promise.race([this.#busy, limit]);
    clearTimeout(timer);
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) {
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => this.#sendNow(), ms);
    this.#timer.unref();
  }

  #sendNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#busy ??= this.#drain().finally(() => {
      this.#busy = undefined;
      this.#reportDrops();
      if (this.pending > 0 && this.#timer === undefined && !this.#closed) {
        this.#schedule(this.#options.interval);
      }
    });
  }

  /** Sends until nothing waits or an attempt fails. */
  async #drain(): Promise<void> {
    for (;;) {
      this.#current ??= await this.#nextBatch();
      const batch = this.#current;
      if (batch === undefined) {
        return;
      }
      const answer = await this.#attempt(batch);
      const verdict = answer === undefined ? 'again' : verdictOf(answer.status, this.#options.format);
      if (verdict === 'again') {
        this.#failures += 1;
        this.#quietUntil = performance.now() + (answer?.retryAfter ?? 0);
        this.#schedule(Math.max(answer?.retryAfter ?? 0, this.#delay()));
        return;
      }
      this.#settle(batch, verdict, answer);
    }
  }

  #settle(batch: Batch, verdict: Verdict, answer: Answer | undefined): void {
    this.#failures = 0;
    if (this.#current === batch) {
      this.#current = undefined;
    }
    if (verdict === 'delivered') {
      this.#options.drops.add('invalid', this.#options.format.rejectedIn(answer?.body ?? ''));
      return;
    }
    this.#options.drops.add(answer?.status === 413 ? 'too_large' : 'refused', batch.lines);
    if (!this.#warned) {
      this.#warned = true;
      this.#options.warn(
        `${this.#endpoint.origin} refuses this application's records with status ${answer?.status}: check ${this.#options.format.check}`,
      );
    }
  }

  async #nextBatch(): Promise<Batch | undefined> {
    const taken = this.#buffer.take(this.#options.maxBatch);
    if (taken === undefined) {
      return undefined;
    }
    const batch: Batch = { id: randomUUID(), bytes: taken.bytes, compressed: false, lines: taken.lines };
    // Counted as pending while it is being compressed.
    this.#current = batch;
    batch.bytes = await gzip(this.#options.format.encode(taken.bytes));
    batch.compressed = true;
    return batch;
  }

  async #attempt(batch: Batch): Promise<Answer | undefined> {
    try {
      return await post(
        this.#endpoint,
        { ...this.#headers(), [BATCH_HEADER]: batch.id },
        batch.bytes,
        this.#options.timeout,
      );
    } catch {
      return undefined;
    }
  }

  #delay(): number {
    const { base, cap } = this.#options.backoff;
    const plain = Math.min(cap, base * 2 ** Math.min(this.#failures - 1, 20));
    return plain * (0.8 + 0.4 * Math.random());
  }

  /** Losses are records too: they go out as a metric once delivery works, at most every 30 s. */
  #reportDrops(): void {
    if (performance.now() - this.#reportedAt >= REPORT_EVERY) {
      this.#appendDrops();
    }
  }

  /** @returns whether there were any */
  #appendDrops(): boolean {
    if (!this.#options.format.reportsDrops || this.#failures > 0 || this.#closed) {
      return false;
    }
    const counts = this.#options.drops.takeUnreported();
    for (const [reason, value] of counts) {
      const labels = { reason };
      const record = {
        timestamp: Date.now(),
        level: 'warn',
        type: 'metric',
        name: 'yumops_sdk_dropped',
        value,
        labels,
      };
      this.#buffer.append(3, `${JSON.stringify(record)}\n`);
      this.#reportedAt = performance.now();
    }
    return counts.length > 0;
  }
}
