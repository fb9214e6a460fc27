import type { AgentResult } from './wire.ts';

/** What was on disk when an agent started. */
export interface BufferState {
  /** In order. */
  results: AgentResult[];
  /** The number of the newest result that there ever was. */
  sequence: number;
  dropped: number;
}

/** Where an agent keeps what must outlive it. Nothing here throws: what could not be kept is said in `trouble`. */
export interface AgentBuffer {
  /** The same over restarts. */
  readonly agentId: string;
  readonly restored: BufferState;
  /** What was saved last; null when there is nothing, or nothing that can be read. */
  readonly assignment: string | null;
  readonly trouble: string | null;
  /** @param line the result as JSON */
  append(sequence: number, line: string): void;
  /** Results up to this one are not needed any more. @param dropped how many were ever given up */
  forget(upTo: number, dropped: number): void;
  /** Makes what was appended safe from a loss of power. */
  sync(): Promise<void>;
  saveAssignment(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface OutboxOptions {
  /** Most results. */
  capacity: number;
  /** Most bytes of all results as JSON. */
  capacityBytes: number;
  buffer?: AgentBuffer | undefined;
}

interface Entry {
  result: AgentResult;
  bytes: number;
}

/** Results that the platform has not confirmed yet, in order. Beyond its capacity the oldest are given up and counted. */
export class Outbox {
  readonly #options: OutboxOptions;
  #entries: Entry[] = [];
  #bytes = 0;
  #sequence: number;
  #dropped: number;

  constructor(options: OutboxOptions) {
    this.#options = options;
    const { results = [], sequence = 0, dropped = 0 } = options.buffer?.restored ?? {};
    this.#sequence = sequence;
    this.#dropped = dropped;
    for (const result of results) this.#push(result, JSON.stringify(result).length);
    this.#trim();
  }

  get size(): number {
    return this.#entries.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(fresh: Omit<AgentResult, 'sequence'>): void {
    this.#sequence += 1;
    const result = { ...fresh, sequence: this.#sequence };
    const line = JSON.stringify(result);
    this.#options.buffer?.append(this.#sequence, line);
    this.#push(result, line.length);
    this.#trim();
  }

  /** The oldest results, at most `limit`. */
  next(limit: number): AgentResult[] {
    return this.#entries.slice(0, limit).map(({ result }) => result);
  }

  /**
   * Forgets what is stored elsewhere. Where that is more than is known here, a disk forgot the newest, and numbers go on
   * behind it: the platform takes none twice.
   * @returns how many results that were
   */
  confirm(upTo: number): number {
    this.#sequence = Math.max(this.#sequence, upTo);
    const first = this.#entries.findIndex(({ result }) => result.sequence > upTo);
    const confirmed = first === -1 ? this.#entries.length : first;
    if (confirmed > 0) this.#remove(confirmed);
    return confirmed;
  }

  #push(result: AgentResult, bytes: number): void {
    this.#entries.push({ result, bytes });
    this.#bytes += bytes;
  }

  #trim(): void {
    const { capacity, capacityBytes } = this.#options;
    let excess = Math.max(0, this.#entries.length - capacity);
    let left = this.#bytes - this.#entries.slice(0, excess).reduce((sum, { bytes }) => sum + bytes, 0);
    while (left > capacityBytes) {
      left -= this.#entries[excess]?.bytes ?? left;
      excess += 1;
    }
    if (excess === 0) return;
    this.#dropped += excess;
    this.#remove(excess);
  }

  #remove(count: number): void {
    const removed = this.#entries.splice(0, count);
    this.#bytes -= removed.reduce((sum, { bytes }) => sum + bytes, 0);
    const newest = removed.at(-1);
    if (newest) this.#options.buffer?.forget(newest.result.sequence, this.#dropped);
  }
}
