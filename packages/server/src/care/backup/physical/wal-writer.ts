import type { Lsn } from './lsn.ts';
import type { PieceHeader, RestorePoint, WalArchive } from './wal-archive.ts';
import { type WalEvent, WalScanner } from './wal-scan.ts';

/** The largest piece; segments are 16 MB unless initdb was told otherwise. */
const MOST_WINDOW = 16 * 1024 * 1024;

/** Bytes of log that are stored as one object when complete. */
export function windowSize(segmentSize: number): number {
  return Math.min(segmentSize, MOST_WINDOW);
}

export interface WalWriterOptions {
  archive: WalArchive;
  timeline: number;
  segmentSize: number;
  /** Where the log begins to come in, a multiple of the window's size. */
  start: Lsn;
  /** What is stored already, not before `start`; it comes in again and is not stored twice. */
  stored: Lsn;
  /** Until when a complete window may not be deleted; milliseconds since the epoch, by the time of storing. */
  lockUntil?: ((now: number) => number) | undefined;
}

/**
 * Puts the log of one timeline into the archive in pieces. One window of the log is held in memory; it is stored as it
 * grows, and as one piece when it is complete, upon which the smaller ones go.
 */
export class WalWriter {
  readonly #options: WalWriterOptions;
  readonly #window: Buffer;
  readonly #scanner: WalScanner;
  #windowStart: Lsn;
  #have = 0;
  #stored: Lsn;
  #waitingSince: number | undefined;
  #lastEndAt: number | null = null;
  #storedEndAt: number | null = null;
  #coveredUntil: number | null = null;
  #points: RestorePoint[] = [];
  #parts: string[] = [];

  constructor(options: WalWriterOptions) {
    this.#options = options;
    this.#window = Buffer.alloc(windowSize(options.segmentSize));
    this.#windowStart = options.start;
    this.#stored = options.stored;
    this.#scanner = new WalScanner(options.start, options.segmentSize, (event) => this.#see(event));
  }

  /** Everything before it is in the store. */
  get stored(): Lsn {
    return this.#stored;
  }

  /** Everything before it has come in. */
  get received(): Lsn {
    return this.#windowStart + BigInt(this.#have);
  }

  /** Since when bytes wait to be stored, by the clock that `add` was given; undefined when none does. */
  get waitingSince(): number | undefined {
    return this.#waitingSince;
  }

  /**
   * Takes bytes that follow those before.
   * @returns how many it took: the rest must wait until `flush` has made room
   */
  add(bytes: Buffer, now: number): number {
    const taken = bytes.copy(this.#window, this.#have, 0, bytes.length);
    this.#scanner.feed(bytes.subarray(0, taken));
    this.#have += taken;
    if (this.received > this.#stored) this.#waitingSince ??= now;
    return taken;
  }

  /** The latest end of a transaction that was stored, milliseconds since the epoch. */
  get lastEndAt(): number | null {
    return this.#storedEndAt;
  }

  get full(): boolean {
    return this.#have === this.#window.length;
  }

  /** All that was committed until `at` has come in. */
  covered(at: number): void {
    if (this.#coveredUntil === null || at > this.#coveredUntil) this.#coveredUntil = at;
  }

  /** Stores what waits. Throws what the store throws; it may then be called again. @param now wall clock */
  async flush(now: number): Promise<void> {
    const { received } = this;
    if (received > this.#stored) {
      if (this.full) await this.#storeWindow(received, now);
      else {
        const from = this.#stored > this.#windowStart ? this.#stored : this.#windowStart;
        this.#parts.push(await this.#store(from, received));
      }
      this.#stored = received;
      if (this.#lastEndAt !== null) this.#storedEndAt = this.#lastEndAt;
      this.#waitingSince = undefined;
    }
    for (const point of this.#points.splice(0)) await this.#options.archive.writePoint(point);
    if (this.full) this.#nextWindow();
  }

  async #storeWindow(end: Lsn, now: number): Promise<void> {
    await this.#store(this.#windowStart, end, this.#options.lockUntil?.(now));
    const { store } = this.#options.archive.repository;
    const { timeline, archive } = this.#options;
    // Parts of an earlier run have names that we did not give.
    const pieces = await archive.piecesIn(timeline, this.#windowStart, this.#window.length);
    const parts = pieces.filter(({ start, end }) => end - start < BigInt(this.#window.length));
    for (const part of new Set([...this.#parts, ...parts.map(({ path }) => path)])) {
      // A credential that may only write leaves them to the pruning.
      await store.delete(part).catch(() => undefined);
    }
  }

  async #store(from: Lsn, end: Lsn, lockUntil?: number): Promise<string> {
    const { archive, timeline, segmentSize } = this.#options;
    const header: PieceHeader = {
      systemId: archive.systemId,
      timeline,
      start: from.toString(),
      end: end.toString(),
      segmentSize,
      lastEndAt: this.#lastEndAt,
      recordEnd: this.#scanner.recordEnd.toString(),
      coveredUntil: this.#coveredUntil,
    };
    const wal = this.#window.subarray(Number(from - this.#windowStart), Number(end - this.#windowStart));
    return archive.writePiece(header, wal, lockUntil);
  }

  #nextWindow(): void {
    this.#windowStart += BigInt(this.#window.length);
    this.#have = 0;
    this.#lastEndAt = null;
    this.#parts = [];
  }

  #see(event: WalEvent): void {
    if (event.kind === 'restore_point') {
      const { name, at, lsn } = event;
      this.#points.push({ name, at, lsn: lsn.toString(), timeline: this.#options.timeline });
    } else if (this.#lastEndAt === null || event.at > this.#lastEndAt) this.#lastEndAt = event.at;
  }
}
