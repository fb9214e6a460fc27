import { createHash } from 'node:crypto';
import type { Entry } from '../spool/entry.ts';

/**
 * Version of the bytes that this code makes from an entry. It is part of every journalled batch: a batch must be sent
 * again exactly as it was cut.
 */
export const ENCODER_VERSION = 1;

/** One insert: rows of one table and one partition out of one range of the spool. */
export interface Batch {
  table: string;
  day: string;
  retentionClass: string;
  rowCount: number;
}

/** A stretch of the spool that is sent at once, cut into batches. */
export interface Range {
  /** Counts up over the life of the spool. */
  id: number;
  segment: number;
  start: number;
  end: number;
  encoder: number;
  batches: Batch[];
}

/** Some consecutive rows of a batch: the whole, or a piece of one that the store refused. */
export interface Piece {
  batch: number;
  from: number;
  to: number;
}

/** The rows of one batch as newline-delimited JSON. */
export interface BatchRows extends Batch {
  rows: Uint8Array;
}

/** Sorts the parts of entries into batches, in order of first appearance. */
export function collectBatches(entries: readonly Entry[]): BatchRows[] {
  const found = new Map<string, { batch: Batch; slices: Uint8Array[] }>();
  for (const { header, payload } of entries) {
    let at = 0;
    for (const part of header.parts) {
      const key = `${part.table}\n${part.day}\n${part.retentionClass}`;
      let entry = found.get(key);
      if (!entry) {
        const { table, day, retentionClass } = part;
        entry = { batch: { table, day, retentionClass, rowCount: 0 }, slices: [] };
        found.set(key, entry);
      }
      entry.batch.rowCount += part.rowCount;
      entry.slices.push(payload.subarray(at, at + part.bytes));
      at += part.bytes;
    }
  }
  return [...found.values()].map(({ batch, slices }) => ({
    ...batch,
    rows: slices.length === 1 ? (slices[0] as Uint8Array) : Buffer.concat(slices),
  }));
}

/**
 * The deduplication token of a piece: a hash of all that decides its content, so that the same piece always has the
 * same token and no other piece ever has.
 * @param spoolId identity of the spool; a new spool counts its segments from the beginning again
 */
export function batchToken(spoolId: string, range: Range, piece: Piece): string {
  const batch = range.batches[piece.batch] as Batch;
  const record = [
    spoolId,
    range.segment,
    range.start,
    range.end,
    range.encoder,
    batch.table,
    batch.day,
    batch.retentionClass,
    batch.rowCount,
    piece.from,
    piece.to,
  ];
  return createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 40);
}

/** Rows `from` to `to` (exclusive) of newline-delimited JSON. */
export function sliceRows(rows: Uint8Array, from: number, to: number): Uint8Array {
  const start = offsetOfRow(rows, 0, from);
  return rows.subarray(start, offsetOfRow(rows, start, to - from));
}

function offsetOfRow(rows: Uint8Array, start: number, count: number): number {
  let at = start;
  for (let row = 0; row < count; row += 1) {
    const newline = rows.indexOf(10, at);
    if (newline === -1) return rows.length;
    at = newline + 1;
  }
  return at;
}
