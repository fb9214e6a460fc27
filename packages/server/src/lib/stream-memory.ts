import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as threads from 'node:worker_threads';

/** Bytes of streams after which what they left behind is collected. */
const EVERY = 4 * 1024 * 1024;
/**
 * Bytes in buffers from which old ones are collected too: those that waited for a slow store have become old. It is above what
 * a stream that flows holds, since that collection goes through the whole heap: at 24 MB a restore spent half of its processor
 * time on it.
 */
const MOST = 48 * 1024 * 1024;
/** Smaller buffers are not worth the call that gives them back. */
const LEAST = 16 * 1024;

/** From Node 21 on: to send what must stay is an error there, and before it stays without one. */
const { isMarkedAsUntransferable } = threads as typeof threads & {
  isMarkedAsUntransferable?: (buffer: ArrayBufferLike) => boolean;
};

type Collect = (options: { type: 'minor' | 'major' }) => void;
let collect: Collect | undefined;
let passed = 0;
let nowhere: threads.MessagePort | undefined;

/**
 * To be told of bytes that a long stream has passed on. Buffers lie outside of the engine's heap, which lets a hundred
 * megabytes of them gather before it collects; the collection of young objects takes a millisecond and frees most.
 */
export function passedOn(bytes: number): void {
  passed += bytes;
  if (passed < EVERY) return;
  passed = 0;
  collect ??= exposeCollector();
  collect({ type: 'minor' });
  if (process.memoryUsage().arrayBuffers > MOST) collect({ type: 'major' });
}

/**
 * Passes pieces on and gives the memory of each back as soon as the next is asked for: whoever reads is done with a piece by then, it
 * is empty afterwards. With several streams the pieces of each wait for the others, become old, and would stay until the whole
 * heap is collected.
 * @param source gives whole buffers of its own, no parts of others that somebody still needs
 */
export async function* lend<Piece extends Uint8Array>(source: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  for await (const piece of source) {
    yield piece;
    release(piece);
  }
}

/**
 * Gives the memory of a buffer back at once. It is empty afterwards, and so is whatever shares its memory. One that is cut from the
 * engine's pool stays.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer.byteLength < LEAST || isMarkedAsUntransferable?.(buffer)) return;
  nowhere ??= closedPort();
  // What is sent on a closed port leaves this side, and there is no other.
  nowhere.postMessage(null, [buffer as ArrayBuffer]);
}

/**
 * Keeps the room for young objects as small as it is when a process begins. Loading a program lets it grow to 32 MB, which it then
 * keeps, empty or not; a process that passes streams on makes few objects. To be called before anything is loaded.
 */
export function keepYoungObjectsFew(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

function closedPort(): threads.MessagePort {
  const { port1 } = new threads.MessageChannel();
  port1.close();
  return port1;
}

function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
