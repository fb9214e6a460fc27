/** A service takes at most so many parts, and none but the last under 5 MiB. */
export const MOST_PARTS = 10_000;
const FIRST_PART = 8 * 1024 * 1024;
/** After so many parts the next are twice as large: 8 MiB parts for 8 GB, in the end 4 TB in 10,000 parts. */
const PARTS_OF_ONE_SIZE = 1_000;

/** Bytes of part `number`, counted from 1. */
export function partSize(number: number): number {
  return FIRST_PART * 2 ** Math.floor((number - 1) / PARTS_OF_ONE_SIZE);
}

/** Cuts a stream into parts. The last may be shorter, and is empty only when the stream is. */
export async function* cutParts(
  body: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncIterable<{ number: number; bytes: Buffer; last: boolean }> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let number = 1;
  for await (let piece of body instanceof Uint8Array ? [body] : body) {
    while (held + piece.length > partSize(number)) {
      const room = partSize(number) - held;
      yield { number, bytes: Buffer.concat([...pieces, piece.subarray(0, room)]), last: false };
      piece = piece.subarray(room);
      pieces = [];
      held = 0;
      number++;
    }
    // A source may use its buffer again.
    if (piece.length > 0) pieces.push(Buffer.from(piece));
    held += piece.length;
  }
  yield { number, bytes: Buffer.concat(pieces), last: true };
}
