import { deliverAtExit } from '../transport/deliver-at-exit.ts';
import { gzip, gzipNow } from '../transport/gzip.ts';
import { post } from '../transport/http-post.ts';
import type { Dsn } from './dsn.ts';

/** Envelopes that wait at most; an error that repeats must not fill the memory. */
const MOST_WAITING = 100;
const MOST_BYTES = 8 * 1024 * 1024;
const TIMEOUT = 10_000;
const PACK_FROM = 8 * 1024;

export interface WaitingEnvelope {
  id: string;
  category: string;
  body: Buffer;
}

/**
 * Sends envelopes one after the other within bounded memory, obeys the limits that the receiver names, and counts what
 * it could not send. Never throws.
 */
export class EnvelopeSender {
  readonly #dsn: Dsn;
  readonly #waiting: WaitingEnvelope[] = [];
  /** When a category may be sent again, monotonic milliseconds; '' = all of them. */
  readonly #quietUntil = new Map<string, number>();
  readonly #discarded = new Map<string, number>();
  #bytes = 0;
  #busy: Promise<void> | undefined;

  constructor(dsn: Dsn) {
    this.#dsn = dsn;
  }

  send(envelope: WaitingEnvelope): void {
    if (this.#isQuiet(envelope.category)) {
      this.discard('ratelimit_backoff', envelope.category);
    } else if (this.#waiting.length >= MOST_WAITING || this.#bytes + envelope.body.length > MOST_BYTES) {
      this.discard('queue_overflow', envelope.category);
    } else {
      this.#waiting.push(envelope);
      this.#bytes += envelope.body.length;
      this.#start();
    }
  }

  /** Counts something that is not sent, for the report of losses. */
  discard(reason: string, category: string): void {
    const key = `${reason}\n${category}`;
    this.#discarded.set(key, (this.#discarded.get(key) ?? 0) + 1);
  }

  /** Waits until everything has left. @returns false when `timeoutMs` was too short */
  async flush(timeoutMs: number): Promise<boolean> {
    this.#reportLosses();
    const end = performance.now() + timeoutMs;
    while (this.#busy !== undefined && performance.now() < end) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.max(0, end - performance.now()));
      });
      await Promise.race([this.#busy, limit]);
      clearTimeout(timer);
    }
    return this.#waiting.length === 0;
  }

  /** For the very end of the process: sends what waits from a child process. */
  deliverSync(timeoutMs: number): void {
    if (this.#waiting.length === 0) {
      return;
    }
    const batches = this.#waiting.map(({ id, body }) => ({ id, body: gzipNow(body), lines: 1 }));
    this.#waiting.length = 0;
    deliverAtExit(this.#dsn.url, { ...this.#headers(), 'content-encoding': 'gzip' }, batches, timeoutMs);
  }

  #headers(): Record<string, string> {
    return {
      'content-type': 'application/x-sentry-envelope',
      'x-sentry-auth': `Sentry sentry_version=7, sentry_client=yumops-node/0.1.0, sentry_key=${this.#dsn.key}`,
    };
  }

  #start(): void {
    this.#busy ??= this.#drain().finally(() => {
      this.#busy = undefined;
    });
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const sent = await this.#attempt(next);
      // The end of the process may have taken it meanwhile.
      if (this.#waiting[0] === next) {
        this.#waiting.shift();
        this.#bytes -= next.body.length;
      }
      if (!sent) {
        this.discard('network_error', next.category);
      }
    }
  }

  async #attempt({ body, category }: WaitingEnvelope): Promise<boolean> {
    try {
      const packed = body.length >= PACK_FROM;
      const bytes = packed ? await gzip(body) : body;
      const headers = packed ? { ...this.#headers(), 'content-encoding': 'gzip' } : this.#headers();
      const answer = await post(this.#dsn.url, headers, bytes, TIMEOUT);
      this.#obey(answer.status, answer.rateLimits, answer.retryAfter, category);
      return answer.status >= 200 && answer.status < 300;
    } catch {
      return false;
    }
  }

  #obey(status: number, limits: string | undefined, retryAfter: number | undefined, category: string): void {
    const now = performance.now();
    for (const limit of (limits ?? '').split(',')) {
      const [seconds, categories = ''] = limit.trim().split(':');
      const until = now + Number(seconds) * 1000;
      if (seconds && Number.isFinite(until)) {
        categories.split(';').forEach((name) => {
          this.#quietUntil.set(name, until);
        });
      }
    }
    if (status === 429 && limits === undefined) {
      this.#quietUntil.set(category, now + (retryAfter ?? 60_000));
    }
  }

  #isQuiet(category: string): boolean {
    const now = performance.now();
    return now < (this.#quietUntil.get('') ?? 0) || now < (this.#quietUntil.get(category) ?? 0);
  }

  #reportLosses(): void {
    if (this.#discarded.size === 0) {
      return;
    }
    const discarded_events = [...this.#discarded].map(([key, quantity]) => {
      const [reason, category] = key.split('\n');
      return { reason, category, quantity };
    });
    this.#discarded.clear();
    const report = { timestamp: Date.now() / 1000, discarded_events };
    const body = Buffer.from(`{}\n{"type":"client_report"}\n${JSON.stringify(report)}\n`);
    this.send({ id: '', category: 'internal', body });
  }
}
