import { randomBytes } from 'node:crypto';
import type { Taken } from '../../net/socket-reader.ts';

/** Kinds of frames of RFC 6455. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  opcode: number;
  /** Whether the message ends with it. */
  final: boolean;
  payload: Buffer;
}

/** A whole message as one frame, masked as every frame of a client is. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, ...lengthBytes(payload.length)]), mask, masked]);
}

function lengthBytes(length: number): number[] {
  if (length < 126) return [0x80 | length];
  if (length < 65_536) return [0x80 | 126, length >> 8, length & 0xff];
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64BE(BigInt(length));
  return [0x80 | 127, ...wide];
}

/** Takes one frame of a server. A frame that claims to be longer than the reader's limit never becomes whole. */
export function takeFrame(bytes: Buffer): Taken<Frame> | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + wide) return undefined;
  const length = wide === 0 ? short : wide === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const start = 2 + wide;
  if (bytes.length < start + length) return undefined;
  const payload = bytes.subarray(start, start + length);
  return { message: { opcode: first & 0x0f, final: (first & 0x80) !== 0, payload }, bytes: start + length };
}
