import type { Lsn } from './lsn.ts';

/** A record that a moment can be named by. */
export type WalEvent =
  /** The end of a transaction. @property at the time recovery compares with its target, milliseconds since the epoch */
  { kind: 'commit' | 'abort'; lsn: Lsn; at: number } | { kind: 'restore_point'; lsn: Lsn; at: number; name: string };

const PAGE = 8192;
const SHORT_HEADER = 24;
const LONG_HEADER = 40;
const RECORD_HEADER = 24;
/** As much of a record as its time or name can need: header, data headers, a time, a name of 64 bytes. */
const KEPT = 128;

/** Page flags (xlog_internal.h). */
const CONTINUES = 0x01;
const LONG = 0x02;

/** Resource managers and the kinds of their records that are read (rmgrlist.h, pg_control.h, xact.h). */
const XLOG = 0;
const XACT = 1;
const XLOG_SWITCH = 0x40;
const XLOG_RESTORE_POINT = 0x70;
const XACT_KIND = 0x70;
const ENDS: Readonly<Record<number, 'commit' | 'abort'>> = { 0: 'commit', 48: 'commit', 32: 'abort', 64: 'abort' };

/** Data headers inside a record (xlogrecord.h). */
const SHORT_DATA = 255;
const LONG_DATA = 254;
const ORIGIN = 253;
const TOPLEVEL = 252;

const EPOCH = Date.UTC(2000, 0, 1);

/**
 * Finds the ends of transactions and the restore points in a stream of the write-ahead log, without keeping it: bytes
 * are fed in order, from the beginning of a page. A record that began before is stepped over.
 */
export class WalScanner {
  readonly #segmentSize: number;
  readonly #emit: (event: WalEvent) => void;
  /** Position of the next byte. A double is exact up to 8 PiB of log. */
  #at: number;
  readonly #page = Buffer.alloc(LONG_HEADER);
  #pageHave = 0;
  readonly #record = Buffer.alloc(KEPT);
  #recordHave = 0;
  #recordStart = 0;
  /** Length of the record under way, 0 between records. */
  #length = 0;
  /** Bytes of it that are still to come. */
  #left = 0;
  /** Where the next record may begin after a switch of segments. */
  #skipTo = 0;
  #complete = 0;

  /** @param start a multiple of the page size */
  constructor(start: Lsn, segmentSize: number, emit: (event: WalEvent) => void) {
    this.#at = Number(start);
    this.#segmentSize = segmentSize;
    this.#emit = emit;
  }

  /** The position behind the last whole record, 0 before the first. */
  get recordEnd(): Lsn {
    return BigInt(this.#complete);
  }

  feed(bytes: Buffer): void {
    let i = 0;
    while (i < bytes.length) {
      const inPage = this.#at % PAGE;
      if (inPage === 0 || this.#pageHave > 0) i += this.#readPageHeader(bytes, i);
      else i += this.#readBody(bytes, i, Math.min(bytes.length - i, PAGE - inPage));
    }
  }

  #readPageHeader(bytes: Buffer, from: number): number {
    const wanted = this.#pageHave >= SHORT_HEADER ? LONG_HEADER : SHORT_HEADER;
    const taken = bytes.copy(this.#page, this.#pageHave, from, Math.min(bytes.length, from + wanted - this.#pageHave));
    this.#pageHave += taken;
    this.#at += taken;
    if (this.#pageHave < wanted) return taken;
    const flags = this.#page.readUInt16LE(2);
    if (wanted === SHORT_HEADER && flags & LONG) return taken;
    this.#pageHave = 0;
    const continues = (flags & CONTINUES) !== 0;
    if (!continues) this.#forget();
    else if (this.#length === 0 && this.#recordHave === 0) {
      // The middle of a record whose beginning was not seen.
      this.#length = -1;
      this.#left = this.#page.readUInt32LE(16);
    }
    return taken;
  }

  #readBody(bytes: Buffer, from: number, available: number): number {
    if (this.#at < this.#skipTo) return this.#advance(Math.min(available, this.#skipTo - this.#at));
    if (this.#length !== 0) return this.#continue(bytes, from, available);
    const pad = (8 - (this.#at % 8)) % 8;
    if (this.#recordHave === 0 && pad > 0) return this.#advance(Math.min(available, pad));
    return this.#begin(bytes, from, available);
  }

  /** The length of a record is in its first four bytes, which never cross a page. */
  #begin(bytes: Buffer, from: number, available: number): number {
    if (this.#recordHave === 0) this.#recordStart = this.#at;
    const taken = bytes.copy(this.#record, this.#recordHave, from, from + Math.min(available, 4 - this.#recordHave));
    this.#recordHave += taken;
    this.#at += taken;
    if (this.#recordHave < 4) return taken;
    this.#length = this.#record.readUInt32LE(0);
    this.#left = this.#length - 4;
    if (this.#length < RECORD_HEADER) {
      // Nothing was written here: the rest of the page is void.
      this.#forget();
      this.#skipTo = this.#at - (this.#at % PAGE) + PAGE;
    }
    return taken;
  }

  #continue(bytes: Buffer, from: number, available: number): number {
    const n = Math.min(available, this.#left);
    if (this.#length > 0 && this.#recordHave < KEPT) {
      this.#recordHave += bytes.copy(this.#record, this.#recordHave, from, from + n);
    }
    this.#left -= n;
    this.#at += n;
    if (this.#left === 0) {
      if (this.#length > 0) this.#finish();
      this.#forget();
    }
    return n;
  }

  #advance(n: number): number {
    this.#at += n;
    return n;
  }

  #forget(): void {
    this.#length = 0;
    this.#left = 0;
    this.#recordHave = 0;
  }

  #finish(): void {
    this.#complete = Math.ceil(this.#at / 8) * 8;
    const record = this.#record.subarray(0, Math.min(KEPT, this.#length));
    const info = record.readUInt8(16) & 0xf0;
    const manager = record.readUInt8(17);
    const lsn = BigInt(this.#recordStart);
    if (manager === XLOG) {
      if (info === XLOG_SWITCH) this.#skipTo = Math.ceil(this.#at / this.#segmentSize) * this.#segmentSize;
      if (info === XLOG_RESTORE_POINT) {
        const data = mainData(record);
        const end = data.indexOf(0, 8);
        this.#emit({
          kind: 'restore_point',
          lsn,
          at: timeAt(data),
          name: data.toString('utf8', 8, end < 0 ? undefined : end),
        });
      }
    } else if (manager === XACT) {
      const kind = ENDS[info & XACT_KIND];
      if (kind) this.#emit({ kind, lsn, at: timeAt(mainData(record)) });
    }
  }
}

/** The data of a record without block references. */
function mainData(record: Buffer): Buffer {
  let at = RECORD_HEADER;
  for (;;) {
    const id = record.readUInt8(at);
    if (id === ORIGIN) at += 3;
    else if (id === TOPLEVEL) at += 5;
    else if (id === SHORT_DATA) return record.subarray(at + 2);
    else if (id === LONG_DATA) return record.subarray(at + 5);
    else return Buffer.alloc(80);
  }
}

/** Microseconds since 2000 become milliseconds since 1970, with their fraction. */
function timeAt(data: Buffer): number {
  return EPOCH + Number(data.readBigInt64LE(0)) / 1000;
}
