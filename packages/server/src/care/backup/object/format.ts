import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { YumOpsError } from '../../../lib/errors.ts';
import type { BackupKey, BackupKeys } from '../key.ts';

/**
 * The format of a sealed object.
 *
 *     header  "YUMOPSBK" 1 · key id 8 · object id 16 · frame size 4 · nonce 12 · wrapped data key 32 · tag 16
 *     frame   length 4 (highest bit: the last frame) · ciphertext · tag 16
 *
 * Every object has a fresh data key, so that a frame's nonce is its index. What a frame authenticates besides its
 * bytes is object id, index and whether it is the last: frames cannot be changed, dropped, repeated, moved, or taken
 * from another object, and an object cannot end early. The wrapped key authenticates the rest of the header and the
 * path, so that an object cannot stand at the place of another. All frames but the last are full: the place of every
 * byte is known without reading those before.
 */
const MAGIC = Buffer.from('YUMOPSBK\x01', 'latin1');
export const HEADER_BYTES = 97;
export const TAG_BYTES = 16;
export const LENGTH_BYTES = 4;
/** Bytes of plaintext in a full frame. */
export const FRAME_BYTES = 256 * 1024;
const MOST_FRAME_BYTES = 16 * 1024 * 1024;
export const LAST_FRAME = 0x8000_0000;
const ALGORITHM = 'aes-256-gcm';

/** What the header of an object gives. */
export interface ObjectHeader {
  /** 32 hex digits. */
  objectId: string;
  keyId: string;
  frameBytes: number;
  dataKey: Buffer;
}

/** Whether the object is damaged rather than missing or locked away. */
export function damaged(path: string, why: string): YumOpsError {
  return new YumOpsError('backup_damaged', `${path} is damaged: ${why}.`, {
    hint: 'Use another backup, or the copy at the second destination.',
    status: 409,
  });
}

/** Makes the header of a new object that will stand at `path`. */
export function makeHeader(path: string, key: BackupKey): { bytes: Buffer; header: ObjectHeader } {
  const objectId = randomBytes(16);
  const dataKey = randomBytes(32);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(FRAME_BYTES);
  const open = Buffer.concat([MAGIC, Buffer.from(key.id, 'hex'), objectId, frame]);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(ALGORITHM, key.derive('wrap', objectId), nonce);
  cipher.setAAD(Buffer.concat([open, Buffer.from(path)]));
  const wrapped = Buffer.concat([cipher.update(dataKey), cipher.final()]);
  const header = { objectId: objectId.toString('hex'), keyId: key.id, frameBytes: FRAME_BYTES, dataKey };
  return { bytes: Buffer.concat([open, nonce, wrapped, cipher.getAuthTag()]), header };
}

/**
 * Reads the header of the object at `path`.
 * @throws YumOpsError `backup_damaged`, `backup_key_wrong`
 */
export function readHeader(path: string, bytes: Buffer, keys: BackupKeys): ObjectHeader {
  if (bytes.length < HEADER_BYTES) throw damaged(path, 'it ends within its header');
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged(path, 'it does not begin as a backup does');
  const open = bytes.subarray(0, 37);
  const objectId = open.subarray(17, 33);
  const key = keys.open(open.subarray(9, 17).toString('hex'), path);
  const frameBytes = open.readUInt32BE(33);
  const decipher = createDecipheriv(ALGORITHM, key.derive('wrap', objectId), bytes.subarray(37, 49));
  decipher.setAAD(Buffer.concat([open, Buffer.from(path)]));
  decipher.setAuthTag(bytes.subarray(81, HEADER_BYTES));
  try {
    const dataKey = Buffer.concat([decipher.update(bytes.subarray(49, 81)), decipher.final()]);
    if (frameBytes === 0 || frameBytes > MOST_FRAME_BYTES) throw damaged(path, 'its frames have an impossible size');
    return { objectId: objectId.toString('hex'), keyId: key.id, frameBytes, dataKey };
  } catch (error) {
    if (error instanceof YumOpsError) throw error;
    throw damaged(path, 'its header was altered, or it belongs at another place');
  }
}

function frameContext(header: ObjectHeader, index: number, last: boolean): { nonce: Buffer; context: Buffer } {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(index), 4);
  const context = Buffer.concat([Buffer.from(header.objectId, 'hex'), nonce, Buffer.from([last ? 1 : 0])]);
  return { nonce, context };
}

/** Seals one frame, with its length and tag. */
export function sealFrame(header: ObjectHeader, index: number, last: boolean, plain: Uint8Array): Buffer[] {
  const { nonce, context } = frameContext(header, index, last);
  const cipher = createCipheriv(ALGORITHM, header.dataKey, nonce);
  cipher.setAAD(context);
  const body = cipher.update(plain);
  cipher.final();
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE((last ? LAST_FRAME : 0) + plain.length);
  return [length, body, cipher.getAuthTag()];
}

/** Opens one frame. @throws YumOpsError `backup_damaged` */
export function openFrame(path: string, header: ObjectHeader, index: number, last: boolean, sealed: Buffer): Buffer {
  const { nonce, context } = frameContext(header, index, last);
  const decipher = createDecipheriv(ALGORITHM, header.dataKey, nonce);
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    decipher.final();
    return plain;
  } catch {
    throw damaged(path, `frame ${index} was altered`);
  }
}
