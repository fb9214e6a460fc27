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
        rows: new ByteWriter(16 * 1024),
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
    const payload = new Uint8Array(views.reduce((sum, view) => sum + view.length, 0));
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
    this.#parts = [];
    this.#last = undefined;
    return { parts, payload, payloadCrc: crc32(payload) };
  }
}

function isPart(part: Part, table: string, day: string, retentionClass: string): boolean {
  return part.table === table && part.day === day && part.retentionClass === retentionClass;
}
