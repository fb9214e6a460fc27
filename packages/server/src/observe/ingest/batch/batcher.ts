import { backoff } from '../../../lib/backoff.ts';
import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random } from '../../../lib/random.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { Journal } from '../spool/journal.ts';
import { cutPosition } from '../spool/journal-state.ts';
import type { Spool } from '../spool/spool.ts';
import { type BatchRows, collectBatches, ENCODER_VERSION, type Range } from './batch.ts';
import { Bell } from './bell.ts';
import { deliverRange } from './deliver.ts';

/** Steps of a range, in order; told to `onStep`. */
export type BatchStep = 'journalled' | 'inserted' | 'retired';

export interface BatcherOptions {
  spool: Spool;
  journal: Journal;
  store: Pick<TelemetryStore, 'insert'>;
  clock: Clock;
  log: Log;
  /** Largest range, rows. */
  maxRows: number;
  /** Largest range, bytes of the spool. */
  maxBytes: number;
  /** Time between cuts while there is less than `eagerBytes` to send, milliseconds. */
  flushMs: number;
  /** Bytes at which a range is cut without waiting. */
  eagerBytes: number;
  /** Runs before entries are forgotten. */
  beforeRelease(): Promise<void>;
  onStep?: (step: BatchStep) => void;
}

const RETRY = { base: 250, cap: 10_000 };

/** What can keep the spool from being emptied, and how it is told. */
const TROUBLES = {
  read: 'The spool cannot be read',
  deliver: 'A range of the spool cannot be delivered',
  receipts: 'Receipts of deliveries cannot be written',
  release: 'What is stored cannot be deleted from the spool',
} as const;

type Step = keyof typeof TROUBLES;

/** Ranges that may be on their way at once. */
const IN_FLIGHT = 2;

/**
 * Moves the spool into the store: cuts ranges, journals every batch before it is sent, sends two ranges at a time,
 * and retires them in order. What was journalled before a crash is sent again, exactly as cut, before anything else.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #bell: Bell;
  readonly #stop = new AbortController();
  readonly #finished = new Set<number>();
  #draining = false;
  #lastCut = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #retiring: Promise<void> = Promise.resolve();
  /** The last failure of every step that does not work at present. */
  readonly #troubles = new Map<Step, string>();
  /** Inserts that had to be tried again. */
  retries = 0;
  /** Rows that the store refused together with their dead letters: they are nowhere. */
  lostDeadLetters = 0;
  /** Rows in the store, by table. */
  readonly stored = new Map<string, number>();

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#bell = new Bell(options.clock);
    options.spool.onAppend(() => this.#bell.ring());
  }

  start(): void {
    this.#running = this.#run().catch((error) => {
      if (this.#stop.signal.aborted) return;
      this.#options.log.error('The batcher stopped; the spool keeps what arrives.', { reason: messageOf(error) });
    });
  }

  /** What keeps the spool from being emptied, as a sentence; undefined when nothing does. */
  trouble(): string | undefined {
    return this.#troubles.values().next().value;
  }

  /**
   * Sends what the spool holds, then stops. What is left after `drainMs` stays in the spool for the next start.
   */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    this.#bell.ring();
    const timer = this.#options.clock.after(drainMs, () => {
      this.#stop.abort(new Error('The drain took too long.'));
      this.#bell.ring();
    });
    await this.#running;
    timer.cancel();
    this.#stop.abort(new Error('The batcher is closed.'));
    await this.#retiring.catch(() => {});
  }

  async #run(): Promise<void> {
    for (const { range } of this.#options.journal.state.open) await this.#insist('read', () => this.#resend(range));
    while (!this.#stop.signal.aborted) {
      if (this.#options.journal.state.open.length >= IN_FLIGHT) {
        await this.#bell.wait();
        continue;
      }
      const wait = this.#untilCut();
      if (wait === 'idle') {
        if (this.#draining && this.#options.journal.state.open.length === 0) return;
        await this.#bell.wait();
      } else if (wait > 0) {
        await this.#bell.wait(wait);
      } else {
        await this.#insist('read', () => this.#cut());
      }
    }
  }

  /** Milliseconds until the next range is due; `idle` when there is nothing to send. */
  #untilCut(): number | 'idle' {
    const { spool, journal, clock, flushMs, eagerBytes } = this.#options;
    const bytes = spool.bytesAfter(cutPosition(journal.state));
    if (bytes === 0) return 'idle';
    if (bytes >= eagerBytes || this.#draining) return 0;
    return Math.max(0, this.#lastCut + flushMs - clock.monotonic());
  }

  async #cut(): Promise<void> {
    const { spool, journal, clock, maxBytes, maxRows, onStep } = this.#options;
    const position = spool.normalize(cutPosition(journal.state));
    const { entries, end } = await spool.read(position, { maxBytes, maxRows });
    const batches = collectBatches(entries);
    const range: Range = {
      id: journal.state.nextRange,
      segment: position.segment,
      start: position.offset,
      end,
      encoder: ENCODER_VERSION,
      batches: batches.map(({ table, day, retentionClass, rowCount }) => ({ table, day, retentionClass, rowCount })),
    };
    this.#lastCut = clock.monotonic();
    await journal.write({ kind: 'cut', range });
    onStep?.('journalled');
    this.#send(range, batches);
  }

  async #resend(range: Range): Promise<void> {
    const { spool, log } = this.#options;
    const { entries } = await spool.read(
      { segment: range.segment, offset: range.start },
      { maxBytes: range.end - range.start, maxRows: Number.POSITIVE_INFINITY },
    );
    log.info('Sending a batch again that was on its way when YumOps stopped.', { range: range.id });
    this.#send(range, collectBatches(entriesUpTo(entries, range.end - range.start)));
  }

  #send(range: Range, batches: readonly BatchRows[]): void {
    const { store, journal, clock, log, onStep } = this.#options;
    const delivery = deliverRange(range.id, batches, {
      store,
      journal,
      clock,
      log,
      stop: this.#stop.signal,
      onInserted: (table, rowCount) => this.stored.set(table, (this.stored.get(table) ?? 0) + rowCount),
      onRetry: () => {
        this.retries += 1;
      },
      onLost: (rowCount) => {
        this.lostDeadLetters += rowCount;
      },
    });
    delivery
      .then(() => {
        onStep?.('inserted');
        this.#finished.add(range.id);
        const retire = () => this.#retire();
        this.#retiring = this.#retiring.then(retire, retire);
        return this.#retiring;
      })
      .catch((error) => {
        if (!this.#stop.signal.aborted) this.#note('deliver', error);
      })
      .finally(() => this.#bell.ring());
  }

  async #retire(): Promise<void> {
    const { journal, beforeRelease, onStep } = this.#options;
    for (let first = journal.state.open[0]; first; first = journal.state.open[0]) {
      if (!this.#finished.delete(first.range.id)) return;
      await this.#insist('receipts', beforeRelease);
      await journal.write({ kind: 'done', range: first.range.id });
      onStep?.('retired');
      await this.#release();
    }
  }

  /** Segments that cannot be deleted hold up nothing: the next release tries them again. */
  async #release(): Promise<void> {
    const { spool, journal } = this.#options;
    try {
      await spool.release(spool.normalize(journal.state.position));
      this.#troubles.delete('release');
    } catch (error) {
      this.#note('release', error);
    }
  }

  /**
   * Runs a step until it works.
   * @throws spool_damaged, which no further attempt mends; the reason of the stop
   */
  async #insist(step: Step, run: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await run();
        this.#troubles.delete(step);
        return;
      } catch (error) {
        this.#stop.signal.throwIfAborted();
        this.#note(step, error);
        if (codeOf(error) === 'spool_damaged') throw error;
        await this.#options.clock.sleep(backoff(attempt, RETRY, random()), this.#stop.signal);
      }
    }
  }

  #note(step: Step, error: unknown): void {
    const reason = messageOf(error);
    this.#troubles.set(step, `${TROUBLES[step]}: ${reason.replace(/\.$/, '')}.`);
    this.#options.log.error(`${TROUBLES[step]}.`, { reason });
  }
}

function entriesUpTo<T extends { length: number }>(entries: readonly T[], bytes: number): T[] {
  let sum = 0;
  const kept: T[] = [];
  for (const entry of entries) {
    sum += entry.length;
    if (sum > bytes) break;
    kept.push(entry);
  }
  return kept;
}
