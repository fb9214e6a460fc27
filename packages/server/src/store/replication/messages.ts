import type { BaseBackupPart, WalMessage } from '../../care/backup/physical/index.ts';

/** Milliseconds between the Unix epoch and that of PostgreSQL, 2000-01-01. */
const EPOCH = Date.UTC(2000, 0, 1);

const code = (letter: string) => letter.charCodeAt(0);
const WAL_DATA = code('w');
const KEEPALIVE = code('k');
const STATUS = code('r');
const NEW_ARCHIVE = code('n');
/** What messages of the bytes of a base backup begin with. */
export const BACKUP_DATA = code('d');
const MANIFEST = code('m');

const fromMicroseconds = (value: bigint) => EPOCH + Number(value) / 1000;

/**
 * Reads one message of a stream of the write-ahead log (PostgreSQL documentation, "Streaming Replication Protocol").
 * @returns undefined for a message that this version of the protocol does not know
 */
export function readWalMessage(bytes: Buffer): WalMessage | undefined {
  if (bytes[0] === WAL_DATA) {
    return {
      kind: 'wal',
      start: bytes.readBigUInt64BE(1),
      serverEnd: bytes.readBigUInt64BE(9),
      sentAt: fromMicroseconds(bytes.readBigInt64BE(17)),
      bytes: bytes.subarray(25),
    };
  }
  if (bytes[0] === KEEPALIVE) {
    return {
      kind: 'keepalive',
      serverEnd: bytes.readBigUInt64BE(1),
      sentAt: fromMicroseconds(bytes.readBigInt64BE(9)),
      replyNow: bytes[17] === 1,
    };
  }
  return undefined;
}

/** The status update of a receiver. @param now milliseconds since the epoch */
export function statusUpdate(written: bigint, flushed: bigint, now: number): Buffer {
  const message = Buffer.alloc(34);
  message[0] = STATUS;
  message.writeBigUInt64BE(written, 1);
  message.writeBigUInt64BE(flushed, 9);
  // We apply nothing.
  message.writeBigUInt64BE(0n, 17);
  message.writeBigInt64BE(BigInt(Math.round((now - EPOCH) * 1000)), 25);
  return message;
}

/** Reads one message of a base backup's copy stream. @returns undefined for reports of progress */
export function readBackupMessage(bytes: Buffer): BaseBackupPart | undefined {
  if (bytes[0] === BACKUP_DATA) return { kind: 'data', bytes: bytes.subarray(1) };
  if (bytes[0] === MANIFEST) return { kind: 'manifest' };
  if (bytes[0] === NEW_ARCHIVE) return { kind: 'archive', name: bytes.toString('utf8', 1, bytes.indexOf(0, 1)) };
  return undefined;
}
