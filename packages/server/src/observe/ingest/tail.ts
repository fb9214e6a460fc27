import type { LogTailEvent } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { EntryBody } from './record/part-set.ts';

/** A log row as it was taken in: columns by name, attributes as a flat map. */
export type TailRow = Record<string, unknown> & { timestamp: string | number; attributes?: Record<string, string> };

export type TailFilter = (row: TailRow) => boolean;

export interface TailListener {
  row(row: LogTailEvent): void;
  /** So many rows were not looked at, because more came than can be shown. */
  dropped(count: number): void;
}

/** Rows looked at in one second at most, for all listeners together. */
const ROWS_A_SECOND = 10_000;

/** Shows log rows as they arrive. Costs nothing while nobody listens, and bounded work while somebody does. */
export class Tail {
  readonly #clock: Clock;
  readonly #listeners = new Map<TailListener, TailFilter>();
  #second = 0;
  #looked = 0;
  /** Rows that were not looked at since the start. */
  dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns ends the subscription */
  subscribe(filter: TailFilter, listener: TailListener): () => void {
    this.#listeners.set(listener, filter);
    return () => this.#listeners.delete(listener);
  }

  /** Shows the log rows of an entry that has become durable. */
  publish({ parts, payload }: EntryBody): void {
    if (this.#listeners.size === 0) return;
    let at = 0;
    for (const part of parts) {
      if (part.table === 'logs') this.#show(payload.subarray(at, at + part.bytes), part.rowCount);
      at += part.bytes;
    }
  }

  #show(bytes: Uint8Array, rowCount: number): void {
    const allowed = Math.min(rowCount, this.#allowance());
    this.#looked += allowed;
    let start = 0;
    for (let i = 0; i < allowed; i += 1) {
      const end = bytes.indexOf(10, start);
      this.#offer(JSON.parse(Buffer.from(bytes.subarray(start, end)).toString('utf8')) as TailRow);
      start = end + 1;
    }
    const dropped = rowCount - allowed;
    if (dropped === 0) return;
    this.dropped += dropped;
    for (const listener of this.#listeners.keys()) listener.dropped(dropped);
  }

  #allowance(): number {
    const second = Math.floor(this.#clock.monotonic() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#looked = 0;
    }
    return Math.max(0, ROWS_A_SECOND - this.#looked);
  }

  #offer(row: TailRow): void {
    let event: LogTailEvent | undefined;
    for (const [listener, filter] of this.#listeners) {
      if (!filter(row)) continue;
      event ??= toEvent(row);
      listener.row(event);
    }
  }
}

function toEvent(row: TailRow): LogTailEvent {
  return {
    id: String(row['id'] ?? ''),
    timestamp: new Date(row.timestamp).toISOString(),
    level: String(row['level'] ?? 'info'),
    message: textOr(row['message'], ''),
    service: textOr(row['service'], ''),
    type: textOr(row['type'], null),
    endpoint: textOr(row['endpoint'], null),
    method: textOr(row['method'], null),
    statusCode: numberOrNull(row['statusCode']),
    duration: numberOrNull(row['duration']),
    requestId: textOr(row['requestId'], null),
    traceId: textOr(row['traceId'], null),
  };
}

function textOr<T>(value: unknown, missing: T): string | T {
  return typeof value === 'string' ? value : missing;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
