import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export interface MemoryUse {
  /** Bytes that cannot be reclaimed. */
  used: number;
  limit: number;
  /** What sets the limit. */
  source: 'cgroup2' | 'cgroup1' | 'host';
}

/** Reads a file of the system, or undefined where there is none. Replaced in tests. */
export type ReadText = (path: string) => string | undefined;

export const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const numberIn = (text: string | undefined) =>
  text === undefined || !/^\d+\s*$/.test(text) ? undefined : Number(text);

/** The value of a line `name value` or `name: value kB`. */
export function field(text: string | undefined, name: string): number | undefined {
  const match = text === undefined ? null : new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text);
  return match === null ? undefined : Number(match[1]);
}

function cgroup(source: 'cgroup2' | 'cgroup1', total: number, read: ReadText): MemoryUse | undefined {
  const [base, limitFile, usedFile, reclaimable] =
    source === 'cgroup2'
      ? ['/sys/fs/cgroup', 'memory.max', 'memory.current', 'inactive_file']
      : ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file'];
  const limit = numberIn(read(`${base}/${limitFile}`));
  const current = numberIn(read(`${base}/${usedFile}`));
  if (limit === undefined || current === undefined || limit >= total) {
    return undefined;
  }
  return { used: Math.max(0, current - (field(read(`${base}/memory.stat`), reclaimable) ?? 0)), limit, source };
}

/** Memory against what really limits it: the container's limit, otherwise the machine's memory. */
export function memoryUse(read: ReadText = readText, total = totalmem()): MemoryUse {
  const container = cgroup('cgroup2', total, read) ?? cgroup('cgroup1', total, read);
  if (container !== undefined) {
    return container;
  }
  const info = read('/proc/meminfo');
  const available = field(info, 'MemAvailable');
  const free = available === undefined ? freemem() : available * 1024;
  return { used: total - free, limit: total, source: 'host' };
}

/** Share of the JavaScript heap's limit that is in use, percent. */
export function heapPercent(): number {
  const heap = process.getBuiltinModule('node:v8').getHeapStatistics();
  return (100 * heap.used_heap_size) / heap.heap_size_limit;
}

/**
 * Memory against the limit that is nearest, percent: a process ends at whichever it meets first.
 * @param heap what `heapPercent` says
 */
export function memoryPercent({ used, limit }: MemoryUse, heap: number): number {
  return Math.max((100 * used) / limit, heap);
}
