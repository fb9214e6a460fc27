import { crc32 } from 'node:zlib';
import type { IngestAnswer } from '@yumops/protocol';

/**
 * One entry of the spool: everything that one request adds, for all tables, or nothing of it.
 *
 * On disk: `magic u32 · header length u32 · payload length u32 · crc u32 · header JSON · payload`. The checksum covers
 * payload, header and both lengths, so that an entry torn by a crash is never taken for whole.
 */
export interface Part {
  /** Physical table. */
  table: string;
  /** Day of the partition, `YYYY-MM-DD` in UTC. */
  day: string;
  /** Second half of the partition key. */
  retentionClass: string;
  rowCount: number;
  /** Length of the part's rows in the payload, bytes; parts lie in it in order. */
  bytes: number;
  /** Earliest event time of the rows, milliseconds since the epoch. */
  oldest: number;
}

export interface EntryHeader {
  /** Arrival, milliseconds since the epoch. */
  at: number;
  parts: Part[];
  /** The client's batch, where it named one: receipt key (hex) and the answer it got. */
  receipt?: { key: string; answer: IngestAnswer };
  /** Keys of the records in it that had ids of their own, one behind the other. */
  records?: string;
}

/** An entry that was read back. `payload` is a view of the buffer it was read from. */
export interface Entry {
  header: EntryHeader;
  payload: Uint8Array;
  /** Whole length on disk, bytes. */
  length: number;
}

const MAGIC = 0x59_53_45_31;
const PREFIX = 16;

/** Longest header that is believed when reading, bytes. */
const MAX_HEADER = 4 * 1024 * 1024;

/**
 * Makes the bytes that precede the payload.
 * @param payloadCrc CRC-32 of the payload (computed where the payload was made)
 */
export function encodeEntryHead(header: EntryHeader, payloadLength: number, payloadCrc: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.allocUnsafe(PREFIX + json.length);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(json.length, 4);
  head.writeUInt32LE(payloadLength, 8);
  json.copy(head, PREFIX);
  head.writeUInt32LE(checksum(head, json.length, payloadCrc), 12);
  return head;
}

/**
 * Reads the entry that begins at `offset`.
 * @returns the entry; `more` when the buffer ends before the entry does (with the length needed from `offset`);
 *   `bad` when what stands there is not a whole entry
 */
export function decodeEntry(buffer: Buffer, offset: number): Entry | { more: number } | 'bad' {
  if (buffer.length - offset < PREFIX) return { more: PREFIX };
  const headerLength = buffer.readUInt32LE(offset + 4);
  if (buffer.readUInt32LE(offset) !== MAGIC || headerLength > MAX_HEADER) return 'bad';
  const payloadLength = buffer.readUInt32LE(offset + 8);
  const length = PREFIX + headerLength + payloadLength;
  if (buffer.length - offset < length) return { more: length };
  const head = buffer.subarray(offset, offset + PREFIX + headerLength);
  const payload = buffer.subarray(offset + PREFIX + headerLength, offset + length);
  if (checksum(head, headerLength, crc32(payload)) !== head.readUInt32LE(12)) return 'bad';
  return { header: JSON.parse(head.toString('utf8', PREFIX)) as EntryHeader, payload, length };
}

function checksum(head: Buffer, headerLength: number, payloadCrc: number): number {
  return crc32(head.subarray(PREFIX, PREFIX + headerLength), crc32(head.subarray(0, 12), payloadCrc));
}
