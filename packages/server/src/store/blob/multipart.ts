import { release } from '../../lib/stream-memory.ts';

/** A service takes at most so many parts, and none but the last under 5 MiB. */
export const MOST_PARTS = 10_000;
const FIRST_PART = 5 * 1024 * 1024;
/** After so many parts the next are twice as large: 5 MiB parts for 5 GB, in the end 5 TB in 10,000 parts. A part is held in memory. */
const PARTS_OF_ONE_SIZE = 1_000;

/** Bytes of part `number`, counted from 1. */
export function partSize(number: number): number {
  return FIRST_PART * 2 ** Math.floor((number - 1) / PARTS_OF_ONE_SIZE);
}

/**
 * Cuts a stream into parts. The last may be shorter, and is empty only when the stream is. A part is overwritten by the next:
 * who takes one has sent it before it asks for another.
 */
export async function* cutParts(
  body: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncIterable<{ number: number; bytes: Buffer; last: boolean }> {
  let part: Buffer = Buffer.alloc(0);
  let held = 0;
  let number = 1;
  for await (let piece of body instanceof Uint8Array ? [body] : body) {
    const size = () => partSize(number);
    while (held + piece.length > size()) {
      const room = size() - held;
      part = withRoom(part, held, size(), size());
      part.set(piece.subarray(0, room), held);
      yield { number, bytes: part.subarray(0, size()), last: false };
      piece = piece.subarray(room);
      held = 0;
      number++;
    }
    part = withRoom(part, held, held + piece.length, size());
    part.set(piece, held);
    held += piece.length;
  }
  yield { number, bytes: part.subarray(0, held), last: true };
}

/** The part, or a larger copy of what it holds: small objects need no room for a whole one. */
function withRoom(part: Buffer, held: number, needed: number, most: number): Buffer {
  if (part.length >= needed) return part;
  const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, 2 * part.length)));
  part.copy(larger, 0, 0, held);
  // A smaller one was never given to anybody.
  if (part.length < FIRST_PART) release(part);
  return larger;
}
