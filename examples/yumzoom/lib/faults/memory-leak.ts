import { getHeapStatistics } from 'node:v8';
import { once } from '@/lib/once';

/** The leak ends here: the process must become a worry, not a casualty. */
const FULL = 0.865;
const STEP_BYTES = 2 * 1024 * 1024;
const STEP_EVERY_MS = 500;

interface Leak {
  kept: number[][];
  timer: NodeJS.Timeout | undefined;
}

const leak = () => once('leak', (): Leak => ({ kept: [], timer: undefined }));

function keepMore(): void {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  if (used_heap_size + STEP_BYTES > heap_size_limit * FULL) return;
  leak().kept.push(Array.from({ length: STEP_BYTES / 8 }, (_, n) => n + 0.5));
}

/** Keeps 4 MB a second on the JavaScript heap until it is nearly full. */
export function startLeak(): void {
  leak().timer ??= setInterval(keepMore, STEP_EVERY_MS).unref();
}

/** Lets everything go that was kept. */
export function stopLeak(): void {
  clearInterval(leak().timer);
  leak().timer = undefined;
  leak().kept = [];
}
