import type { FileHandle } from 'node:fs/promises';
import { decodeEntry, type Entry } from './entry.ts';

const CHUNK = 4 * 1024 * 1024;

export interface SegmentRead {
  entries: Entry[];
  /** Offset behind the last whole entry that was read. */
  end: number;
  /** Something that is not a whole entry stands at `end`. */
  damaged: boolean;
}

export interface ReadLimits {
  /** Do not look at or beyond this offset. */
  limit: number;
  /** Stop after about so many bytes or rows; one entry is always read. */
  maxBytes: number;
  maxRows: number;
}

/** Reads whole entries of one segment from `start` on. */
export async function readEntries(file: FileHandle, start: number, limits: ReadLimits): Promise<SegmentRead> {
  let buffer = await readAt(file, start, Math.min(limits.maxBytes, limits.limit - start));
  const entries: Entry[] = [];
  let at = 0;
  let rows = 0;
  while (start + at < limits.limit && rows < limits.maxRows) {
    const entry = decodeEntry(buffer, at);
    if (entry === 'bad') return { entries, end: start + at, damaged: true };
    if ('more' in entry) {
      if (start + at + entry.more > limits.limit) return { entries, end: start + at, damaged: true };
      if (entries.length > 0) break;
      buffer = await readAt(file, start, entry.more);
      if (buffer.length < entry.more) return { entries, end: start, damaged: true };
      continue;
    }
    entries.push(entry);
    at += entry.length;
    rows += entry.header.parts.reduce((sum, part) => sum + part.rowCount, 0);
  }
  return { entries, end: start + at, damaged: false };
}

/**
 * Walks a segment from `start` to its end, entry by entry.
 * @returns the offset behind the last whole entry, and whether anything stands after it
 */
export async function scanSegment(
  file: FileHandle,
  start: number,
  size: number,
  visit: (entry: Entry, end: number) => void,
): Promise<{ end: number; damaged: boolean }> {
  let at = Math.min(start, size);
  while (at < size) {
    const read = await readEntries(file, at, { limit: size, maxBytes: CHUNK, maxRows: Number.POSITIVE_INFINITY });
    for (const entry of read.entries) {
      at += entry.length;
      visit(entry, at);
    }
    if (read.damaged) return { end: at, damaged: true };
  }
  return { end: at, damaged: false };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
