/** Pieces are between these sizes. */
const LEAST = 128 * 1024;
export const MOST = 2 * 1024 * 1024;
/** Of the room in which a stream is cut. */
export const ROOM_BYTES = 2 * MOST;
/** A boundary is where eighteen bits of the rolling hash are zero: every 256 KiB beyond the least size, on average. */
const MASK = (1 << 18) - 1;

/**
 * Values of the rolling hash for each byte. They come from the repository's key: the sizes of pieces tell nothing about
 * known files to whoever sees the store.
 * @param seed 1,024 bytes
 */
export function gearTable(seed: Uint8Array): Int32Array {
  const view = new DataView(seed.buffer, seed.byteOffset, 1_024);
  return Int32Array.from({ length: 256 }, (_, index) => view.getInt32(index * 4));
}

async function* slices(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const piece of source) {
    for (let at = 0; at < piece.length; at += MOST) yield piece.subarray(at, at + MOST);
  }
}

/** Puts bytes behind those that are held, at the start of the room where they would not fit. */
function append(room: Buffer, held: Buffer, piece: Uint8Array): Buffer {
  let start = held.byteOffset - room.byteOffset;
  if (start + held.length + piece.length > room.length) {
    held.copy(room, 0);
    start = 0;
  }
  room.set(piece, start + held.length);
  return room.subarray(start, start + held.length + piece.length);
}

/**
 * Cuts a stream into pieces at places that its content decides (gear hash, as in FastCDC): bytes that are inserted
 * change the piece they are in, and the pieces after it stay the same. A piece is good until the next one is asked for.
 * @param room `ROOM_BYTES` that nobody else uses meanwhile; may be used again for the next stream
 */
export async function* cutByContent(
  source: AsyncIterable<Uint8Array>,
  gear: Int32Array,
  room = Buffer.allocUnsafeSlow(ROOM_BYTES),
): AsyncIterable<Buffer> {
  let held: Buffer = room.subarray(0, 0);
  let scanned = 0;
  let hash = 0;
  for await (const piece of slices(source)) {
    held = append(room, held, piece);
    for (;;) {
      const end = Math.min(held.length, MOST);
      let at = Math.max(scanned, Math.min(LEAST, end));
      let found = false;
      while (at < end && !found) {
        hash = ((hash << 1) + (gear[held[at] as number] as number)) | 0;
        at++;
        // The high bits depend on the last 32 bytes, the low ones on fewer.
        found = ((hash >>> 11) & MASK) === 0;
      }
      scanned = at;
      if (!found && end < MOST) break;
      yield held.subarray(0, at);
      held = held.subarray(at);
      scanned = 0;
      hash = 0;
    }
  }
  if (held.length > 0) yield held;
}
