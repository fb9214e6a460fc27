import { createHash } from 'node:crypto';
import { passedOn } from '../../../lib/stream-memory.ts';
import type { BackupKey } from '../key.ts';
import { FRAME_BYTES, makeHeader, sealFrame } from './format.ts';

/** What was sealed; known when the stream has ended. */
export interface SealedSums {
  objectId: string;
  keyId: string;
  /** Bytes as stored. */
  bytes: number;
  /** SHA-256 of the bytes as stored, hex. */
  sha256: string;
  plainBytes: number;
  /** SHA-256 of the plaintext, hex. */
  plainSha256: string;
}

/** An object on its way to a store. */
export interface Sealing {
  stream: AsyncIterable<Uint8Array>;
  /** @throws when the stream has not ended yet */
  sums(): SealedSums;
}

/** Cuts a stream into full frames and a last one, which may be shorter or empty. */
async function* cutFrames(source: AsyncIterable<Uint8Array>): AsyncIterable<{ plain: Uint8Array; last: boolean }> {
  const frame = Buffer.allocUnsafe(FRAME_BYTES);
  let held = 0;
  for await (const piece of source) {
    let at = 0;
    while (at < piece.length) {
      // A full frame waits for one more byte: only then is it certain not to be the last.
      if (held === FRAME_BYTES) {
        yield { plain: frame, last: false };
        held = 0;
      }
      const taken = Math.min(FRAME_BYTES - held, piece.length - at);
      frame.set(piece.subarray(at, at + taken), held);
      held += taken;
      at += taken;
    }
  }
  yield { plain: frame.subarray(0, held), last: true };
}

/**
 * Seals a stream for the place `path`. The last frame is made only when `source` has ended: when it throws, the
 * stream throws, and what was sent until then opens as cut short.
 */
export function seal(source: AsyncIterable<Uint8Array>, path: string, key: BackupKey): Sealing {
  const { bytes: head, header } = makeHeader(path, key);
  const stored = createHash('sha256');
  const plain = createHash('sha256');
  let bytes = 0;
  let plainBytes = 0;
  let sums: SealedSums | undefined;
  const count = (piece: Uint8Array) => {
    stored.update(piece);
    bytes += piece.length;
    return piece;
  };
  async function* stream(): AsyncIterable<Uint8Array> {
    yield count(head);
    let index = 0;
    for await (const frame of cutFrames(source)) {
      plain.update(frame.plain);
      plainBytes += frame.plain.length;
      passedOn(frame.plain.length);
      for (const piece of sealFrame(header, index++, frame.last, frame.plain)) yield count(piece);
    }
    const { objectId, keyId } = header;
    sums = { objectId, keyId, bytes, sha256: stored.digest('hex'), plainBytes, plainSha256: plain.digest('hex') };
  }
  return {
    stream: stream(),
    sums() {
      if (!sums) throw new Error('the stream has not ended');
      return sums;
    },
  };
}
