import type { Clock } from '../../lib/clock.ts';
import { type EventRow, readEvent, type SecurityEvent } from './event.ts';

/** Rows looked at before other work has its turn. */
const ROWS_A_TURN = 1_000;
/** Bytes that may wait; beyond them rows are left out and counted. */
const MOST_WAITING = 64 * 1024 * 1024;

const LINE_FEED = 10;
const STATUS = Buffer.from('"statusCode"');
const [COLON, SPACE, QUOTE, ZERO, FOUR] = [58, 32, 34, 48, 52];

interface Piece {
  bytes: Buffer;
  /** Null = every row is a security event. */
  search: RowSearch | null;
  at: number;
}

/**
 * Turns log rows that have become durable into events for the detectors, a few at a time. What came together is given on in the
 * order of its times: a batch may hold all failures before the successes that went between them, and would then look like spraying.
 */
export class EventFeed {
  readonly #clock: Clock;
  readonly #take: (events: readonly SecurityEvent[]) => void;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  /** Events of rows of which the last ones are not read yet. */
  #read: SecurityEvent[] = [];
  #ready: SecurityEvent[] = [];
  #scheduled = false;
  /** Bytes of rows that were left out because too many came at once. */
  skippedBytes = 0;

  constructor(clock: Clock, take: (events: readonly SecurityEvent[]) => void) {
    this.#clock = clock;
    this.#take = take;
  }

  /** @param rows JSON lines of one part of an entry; @param all whether every one is a security event */
  offer(rows: Uint8Array, all: boolean): void {
    if (this.#waitingBytes + rows.length > MOST_WAITING) {
      this.skippedBytes += rows.length;
      return;
    }
    const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
    const search = all ? null : new RowSearch(bytes);
    if (search !== null && search.rowFrom(0) < 0) return;
    this.#waiting.push({ bytes, search, at: 0 });
    this.#waitingBytes += rows.length;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.after(0, () => {
      this.#scheduled = false;
      this.#turn();
      if (this.#waiting.length > 0 || this.#ready.length > 0) this.#schedule();
    });
  }

  #turn(): void {
    if (this.#ready.length === 0) this.#readRows();
    const events = this.#ready.splice(0, ROWS_A_TURN);
    if (events.length > 0) this.#take(events);
  }

  #readRows(): void {
    let left = ROWS_A_TURN;
    for (let piece = this.#waiting[0]; piece !== undefined && left > 0; piece = this.#waiting[0]) {
      while (piece.at < piece.bytes.length && left > 0) {
        const row = nextRow(piece);
        if (row === null) break;
        left -= 1;
        const event = readEvent(JSON.parse(row.toString('utf8')) as EventRow);
        if (event !== null) this.#read.push(event);
      }
      if (piece.at < piece.bytes.length) return;
      this.#waiting.shift();
      this.#waitingBytes -= piece.bytes.length;
      // In a flood the last row never comes.
      if (this.#read.length >= ROWS_A_TURN) break;
    }
    this.#ready = this.#read.sort((a, b) => a.at - b.at);
    this.#read = [];
  }
}

/** The next row to look at; null when none is left, and then the piece is at its end. */
function nextRow(piece: Piece): Buffer | null {
  const { bytes, search } = piece;
  const start = search === null ? piece.at : search.rowFrom(piece.at);
  if (start < 0) {
    piece.at = bytes.length;
    return null;
  }
  const end = bytes.indexOf(LINE_FEED, start);
  piece.at = end < 0 ? bytes.length : end + 1;
  return bytes.subarray(start, end < 0 ? bytes.length : end);
}

/** The events of log rows. @param all as of `EventFeed.offer` */
export function eventsIn(rows: Uint8Array, all: boolean): SecurityEvent[] {
  const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
  const piece: Piece = { bytes, search: all ? null : new RowSearch(bytes), at: 0 };
  const events: SecurityEvent[] = [];
  while (piece.at < bytes.length) {
    const text = nextRow(piece);
    if (text === null) break;
    const event = readEvent(JSON.parse(text.toString('utf8')) as EventRow);
    if (event !== null) events.push(event);
  }
  return events;
}

/** Finds rows that are a refused request or a sign-in without reading the others. Passes over the bytes once for each sign. */
class RowSearch {
  readonly #bytes: Buffer;
  /** Where each sign comes next; the length of the bytes when it comes no more. */
  readonly #next: number[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#next = SIGNS.map(() => -1);
  }

  /** Where the next row of interest begins; -1 when there is none. */
  rowFrom(at: number): number {
    SIGNS.forEach((find, index) => {
      if ((this.#next[index] as number) >= at) return;
      const found = find(this.#bytes, at);
      this.#next[index] = found < 0 ? this.#bytes.length : found;
    });
    const first = Math.min(...this.#next);
    return first >= this.#bytes.length ? -1 : this.#bytes.lastIndexOf(LINE_FEED, first) + 1;
  }
}

const SIGNS: readonly ((bytes: Buffer, from: number) => number)[] = [
  nextRefusal,
  ...['authn_login_', '"failed_authentication"'].map((text) => {
    const sign = Buffer.from(text);
    return (bytes: Buffer, from: number) => bytes.indexOf(sign, from);
  }),
];

/** Where the next status from 400 to 409 stands; -1 when none does. */
function nextRefusal(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(STATUS, from); at >= 0; at = bytes.indexOf(STATUS, at + 1)) {
    let digit = at + STATUS.length;
    while (bytes[digit] === COLON || bytes[digit] === SPACE || bytes[digit] === QUOTE) digit += 1;
    if (bytes[digit] === FOUR && bytes[digit + 1] === ZERO) return at;
  }
  return -1;
}
