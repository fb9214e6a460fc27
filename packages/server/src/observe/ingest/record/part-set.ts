import { crc32 } from 'node:zlib';
import type { Part } from '../spool/entry.ts';
import { ByteWriter } from './byte-writer.ts';
import { dayOf } from './time.ts';

interface OpenPart extends Part {
  rows: ByteWriter;
}

/** The parts of an entry as they lie in the spool. */
export interface EntryBody {
  parts: Part[];
  payload: Uint8Array<ArrayBuffer>;
  payloadCrc: number;
}

/** Writers of earlier sets: new memory for every request costs more than the copying. */
const spare: ByteWriter[] = [];
const MOST_SPARE = 4;
/** Bytes; a writer that grew beyond it is given back to the system. */
const LARGEST_SPARE = 4 * 1024 * 1024;

function takeWriter(): ByteWriter {
  const writer = spare.pop() ?? new ByteWriter(16 * 1024);
  writer.reset();
  return writer;
}

function giveBack(writer: ByteWriter): void {
  if (spare.length < MOST_SPARE && writer.capacity <= LARGEST_SPARE) spare.push(writer);
}

/** Gathers rows by table and partition. */
export class PartSet {
  #parts: OpenPart[] = [];
  #last: OpenPart | undefined;

  /** Where to write the next row of this partition. */
  beginRow(table: string, timestamp: number, retentionClass: string): ByteWriter {
    const day = dayOf(timestamp);
    if (!this.#last || !isPart(this.#last, table, day, retentionClass)) {
      this.#last = this.#parts.find((part) => isPart(part, table, day, retentionClass));
    }
    if (!this.#last) {
      this.#last = {
        table,
        day,
        retentionClass,
        rowCount: 0,
        bytes: 0,
        oldest: timestamp,
        rows: takeWriter(),
      };
      this.#parts.push(this.#last);
    }
    this.#last.rowCount += 1;
    this.#last.oldest = Math.min(this.#last.oldest, timestamp);
    return this.#last.rows;
  }

  /** The body of an entry with all rows so far; the set is empty afterwards. */
  take(): EntryBody {
    const views = this.#parts.map((part) => part.rows.view());
    // Memory of its own, which may move to another thread; all of it is written below.
    const payload = new Uint8Array(Buffer.allocUnsafeSlow(views.reduce((sum, view) => sum + view.length, 0)).buffer);
    let at = 0;
    for (const view of views) {
      payload.set(view, at);
      at += view.length;
    }
    const parts = this.#parts.map(({ table, day, retentionClass, rowCount, rows, oldest }) => ({
      table,
      day,
      retentionClass,
      rowCount,
      bytes: rows.length,
      oldest,
    }));
    for (const { rows } of this.#parts) giveBack(rows);
    this.#parts = [];
    this.#last = undefined;
    return { parts, payload, payloadCrc: crc32(payload) };
  }
}

function isPart(part: Part, table: string, day: string, retentionClass: string): boolean {
  return part.table === table && part.day === day && part.retentionClass === retentionClass;
}
