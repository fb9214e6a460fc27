import type { Clock } from '../../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import type { Repository } from '../repository.ts';
import { alignDown, formatLsn, type Lsn } from './lsn.ts';
import { type ResumePoint, resumePoint } from './resume.ts';
import type { ReplicationSource, WalMessage, WalStream } from './source.ts';
import { WalArchive } from './wal-archive.ts';
import { WalWriter } from './wal-writer.ts';

/** Milliseconds between two looks at what is due. */
const TICK = 500;
/** Milliseconds that log waits in memory before it is stored, so that a commit can be restored soon after it. */
const STORE_AFTER = 3_000;
/** Milliseconds between two looks at how far the server is. */
const SAMPLE_EVERY = 2_000;
/** Milliseconds between two reports of an idle server's position to the store. */
const POSITION_EVERY = 60_000;
const SILENT_AFTER = 4_000;
/** Milliseconds between two status updates; the server drops a silent receiver after 60 s. */
const REPORT_EVERY = 10_000;
const SLOT_EVERY = 30_000;
/** Milliseconds until a store that failed is tried again. */
const STORE_RETRY = 2_000;

/** What a receiver tells of itself. */
export interface ReceiverStatus {
  systemId: string;
  timeline: number;
  /** Everything before it is in the store. */
  stored: Lsn;
  /** The last moment that can be restored, milliseconds since the epoch, null when none is known yet. */
  latest: number | null;
  /** Bytes that the server keeps for us. */
  retained: number;
  /** Why nothing can be stored now, else null. */
  problem: string | null;
}

export interface ReceiverOptions {
  source: ReplicationSource;
  repository: Repository;
  slot: string;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  /** Ends when everything before it is in the store. */
  until?: () => Lsn | undefined;
  /** Bytes after which the slot is given up, rather than filling the server's disk. */
  slotLimit: number;
  /** Milliseconds that log waits in memory before it is stored; default 3 s. */
  storeAfter?: number | undefined;
  lockUntil?: ((now: number) => number) | undefined;
  report?: (status: ReceiverStatus) => void;
  /** Log that nobody has any more. */
  onGap?: (from: Lsn, to: Lsn) => void;
}

/**
 * Receives the write-ahead log into the repository until the signal, or until `until`. The slot is the lease: the
 * server gives it to one receiver at a time, whichever process asks, and frees it when that one is gone. What is
 * stored twice by two of them is the same bytes under the same name.
 * @throws YumOpsError `slot_missing`, `slot_lost`, `slot_busy`, `wal_over_limit`, `database_unavailable`
 */
export async function receiveWal(options: ReceiverOptions): Promise<void> {
  const { source, repository, slot, log } = options;
  const identity = await source.identify();
  const { segmentSize } = await source.facts();
  const archive = new WalArchive(repository, identity.systemId);
  const state = await source.slot(slot);
  if (!state) throw new YumOpsError('slot_missing', `The server has no replication slot ${slot}.`);
  if (state.restart === null || state.status === 'lost') {
    throw new YumOpsError('slot_lost', `The server has given up the replication slot ${slot}.`, {
      hint: 'Raise max_slot_wal_keep_size, or find out why its log could not be stored. A new base backup is needed.',
    });
  }
  let at: ResumePoint | undefined = await resumePoint({ archive, source, identity, slot: state.restart, segmentSize });
  if (at.gap) {
    log.error('Part of the write-ahead log is lost: a new base backup is needed', {
      from: formatLsn(at.gap.from),
      to: formatLsn(at.gap.to),
    });
    options.onGap?.(at.gap.from, at.gap.to);
  }
  while (at && !options.signal.aborted) {
    const session: Session = new Session(options, archive, at, segmentSize);
    const next = await session.run();
    if (next === undefined) return;
    await archive.writeHistory(next.timeline, await source.timelineHistory(next.timeline));
    log.warn('The server has switched to a new timeline', { timeline: next.timeline, at: formatLsn(next.start) });
    const start = alignDown(next.start, segmentSize);
    at = { timeline: next.timeline, start, stored: start };
  }
}

/** One timeline's stream. */
class Session {
  readonly #options: ReceiverOptions;
  readonly #archive: WalArchive;
  readonly #timeline: number;
  readonly #start: Lsn;
  readonly #writer: WalWriter;
  #stream: WalStream | undefined;
  #latest: number | null = null;
  #retained = 0;
  #problem: string | null = null;
  #retryAt = 0;
  #sample: { at: number; lsn: Lsn } | undefined;
  /** Everything committed until `at` lies before `lsn`. */
  #mark: { at: number; lsn: Lsn } | undefined;
  /** The last position that was written, and its time. */
  #written = 0;
  #positioned: Lsn | undefined;
  readonly #due = new Map<string, number>();

  constructor(options: ReceiverOptions, archive: WalArchive, at: ResumePoint, segmentSize: number) {
    const { timeline, start, stored } = at;
    this.#options = options;
    this.#archive = archive;
    this.#timeline = timeline;
    this.#start = start;
    const { lockUntil } = options;
    this.#writer = new WalWriter({ archive, timeline, segmentSize, start, stored, lockUntil });
  }

  /** @returns where the next timeline begins, or undefined when it was told to end */
  async run(): Promise<{ timeline: number; start: Lsn } | undefined> {
    const { source, slot, signal } = this.#options;
    const stream = await source.streamWal({ slot, timeline: this.#timeline, start: this.#start });
    this.#stream = stream;
    const stop = () => stream.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await this.#pump(stream);
      if (signal.aborted || this.#reached()) return undefined;
      await this.#storeAll();
      return stream.next() ?? this.#closed();
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      // What has come in is stored before the platform ends, where the store takes it.
      if (signal.aborted && this.#writer.waitingSince !== undefined) await this.#store();
      stream.stop();
    }
  }

  async #pump(stream: WalStream): Promise<void> {
    const { signal } = this.#options;
    const messages = stream[Symbol.asyncIterator]();
    let next: Promise<IteratorResult<WalMessage>> | undefined;
    let rest: Buffer | undefined;
    while (!signal.aborted && !this.#reached()) {
      if (rest === undefined) next ??= messages.next();
      const turn = await this.#nextOrTick(next);
      if (turn) {
        next = undefined;
        if (turn.done) return;
        rest = this.#hear(turn.value, stream);
      }
      if (rest !== undefined) rest = await this.#take(rest);
      await this.#attend();
    }
  }

  #hear(message: WalMessage, stream: WalStream): Buffer | undefined {
    if (message.kind === 'wal') return message.bytes;
    if (message.replyNow) stream.report(this.#writer.stored);
    return undefined;
  }

  /** The next message, or undefined when a while has passed without one. */
  async #nextOrTick(
    next: Promise<IteratorResult<WalMessage>> | undefined,
  ): Promise<IteratorResult<WalMessage> | undefined> {
    const ticked = new AbortController();
    const tick = this.#options.clock.sleep(TICK, ticked.signal).then(
      () => undefined,
      () => undefined,
    );
    const turn = await (next ? Promise.race([next, tick]) : tick);
    ticked.abort();
    return turn;
  }

  /** @returns what did not fit because the window before it cannot be stored now */
  async #take(bytes: Buffer): Promise<Buffer | undefined> {
    let rest = bytes;
    while (rest.length > 0) {
      rest = rest.subarray(this.#writer.add(rest, this.#options.clock.monotonic()));
      if (this.#writer.full && !(await this.#store())) return rest;
    }
    return undefined;
  }

  /** What is due by the clock. */
  async #attend(): Promise<void> {
    const { clock, source } = this.#options;
    const now = clock.monotonic();
    if (this.#isDue('sample', SAMPLE_EVERY)) await this.#look();
    const until = this.#options.until?.();
    const wanted = until !== undefined && this.#writer.received >= until && this.#writer.stored < until;
    const { waitingSince } = this.#writer;
    if (waitingSince !== undefined && (wanted || now - waitingSince >= (this.#options.storeAfter ?? STORE_AFTER)))
      await this.#store();
    if (this.#isDue('report', REPORT_EVERY)) this.#stream?.report(this.#writer.stored);
    if (this.#isDue('slot', SLOT_EVERY)) {
      const slot = await source.slot(this.#options.slot);
      this.#retained = slot?.retained ?? 0;
      if (this.#retained > this.#options.slotLimit) throw overLimit(this.#retained, this.#options.slotLimit);
      this.#tell();
    }
  }

  /**
   * Learns until when everything has come in. A transaction takes its time a moment before its record is written, so
   * the time of one look counts with the position of the next.
   */
  async #look(): Promise<void> {
    const sample = await this.#options.source.position();
    if (this.#sample) this.#mark = { at: this.#sample.at, lsn: sample.lsn };
    this.#sample = sample;
    const mark = this.#mark;
    if (!mark || this.#writer.received < mark.lsn) return;
    this.#writer.covered(mark.at);
    if (this.#writer.stored >= mark.lsn) await this.#covered(mark.at);
  }

  async #covered(at: number): Promise<void> {
    if (this.#latest === null || at > this.#latest) this.#latest = at;
    this.#tell();
    const { stored } = this.#writer;
    // Once when the server falls silent, then from time to time.
    if (stored === this.#positioned && at - this.#written < POSITION_EVERY) return;
    if (at - this.#written < SILENT_AFTER) return;
    const { systemId } = this.#archive;
    try {
      const lsn = stored.toString();
      await this.#archive.writePosition({ systemId, timeline: this.#timeline, lsn, coveredUntil: at });
      this.#written = at;
      this.#positioned = stored;
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  /** @returns false when the store refused; it is tried again */
  async #store(): Promise<boolean> {
    const { clock, log } = this.#options;
    if (clock.monotonic() < this.#retryAt) return false;
    try {
      await this.#writer.flush(clock.now());
    } catch (error) {
      this.#retryAt = clock.monotonic() + STORE_RETRY;
      if (this.#problem === null) log.error('The write-ahead log cannot be stored', { reason: messageOf(error) });
      this.#problem = messageOf(error);
      this.#tell();
      return false;
    }
    this.#problem = null;
    this.#stream?.report(this.#writer.stored);
    const ended = this.#writer.lastEndAt;
    if (ended !== null && (this.#latest === null || ended > this.#latest)) this.#latest = ended;
    this.#tell();
    return true;
  }

  async #storeAll(): Promise<void> {
    const { clock, signal } = this.#options;
    while (!(await this.#store())) await clock.sleep(TICK, signal);
  }

  #reached(): boolean {
    const until = this.#options.until?.();
    return until !== undefined && this.#writer.stored >= until;
  }

  #isDue(what: string, every: number): boolean {
    const now = this.#options.clock.monotonic();
    if (now < (this.#due.get(what) ?? 0)) return false;
    this.#due.set(what, now + every);
    return true;
  }

  #tell(): void {
    const { systemId } = this.#archive;
    const { stored } = this.#writer;
    const [timeline, latest, retained, problem] = [this.#timeline, this.#latest, this.#retained, this.#problem];
    this.#options.report?.({ systemId, timeline, stored, latest, retained, problem });
  }

  #closed(): never {
    throw new YumOpsError('database_unavailable', 'The server closed the stream of its write-ahead log.', {
      status: 503,
    });
  }
}

function overLimit(retained: number, limit: number): YumOpsError {
  const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  return new YumOpsError(
    'wal_over_limit',
    `The server keeps ${mb(retained)} of log for the backup, more than the limit of ${mb(limit)}.`,
    { hint: 'Find out why the log could not be stored. The slot is dropped and a new base backup is made.' },
  );
}
