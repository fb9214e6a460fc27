import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of streams after which what they left behind is collected. */
const EVERY = 4 * 1024 * 1024;
/**
 * Bytes in buffers from which old ones are collected too: those that waited for a slow store have become old. It is above what
 * a stream that flows holds, since that collection goes through the whole heap: at 24 MB a restore spent half of its processor
 * time on it.
 */
const MOST = 48 * 1024 * 1024;

type Collect = (options: { type: 'minor' | 'major' }) => void;
let collect: Collect | undefined;
let passed = 0;

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

function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
