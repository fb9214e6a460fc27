import { expect, it } from 'vitest';
import { heapPercent, memoryPercent, memoryUse } from './memory.ts';

const TOTAL = 16_000;
const files = (content: Record<string, string>) => (path: string) => content[path];

it.each([
  [
    'cgroup 2',
    {
      '/sys/fs/cgroup/memory.max': '1000\n',
      '/sys/fs/cgroup/memory.current': '800\n',
      '/sys/fs/cgroup/memory.stat': 'anon 500\ninactive_file 300\n',
    },
    { used: 500, limit: 1000, source: 'cgroup2' },
  ],
  [
    'cgroup 1',
    {
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1000\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '800\n',
      '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 300\n',
    },
    { used: 500, limit: 1000, source: 'cgroup1' },
  ],
  [
    'cgroup 2 without a limit',
    {
      '/sys/fs/cgroup/memory.max': 'max\n',
      '/sys/fs/cgroup/memory.current': '800\n',
      '/proc/meminfo': 'MemTotal: 15 kB\nMemAvailable:       4 kB\n',
    },
    { used: TOTAL - 4096, limit: TOTAL, source: 'host' },
  ],
  [
    'cgroup 1 with a limit above all memory',
    {
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '800\n',
      '/proc/meminfo': 'MemAvailable: 8 kB\n',
    },
    { used: TOTAL - 8192, limit: TOTAL, source: 'host' },
  ],
])('%s', (_name, content, expected) => {
  expect(memoryUse(files(content), TOTAL)).toEqual(expected);
});

it('reads this machine', () => {
  const { used, limit } = memoryUse();
  expect(used).toBeGreaterThan(0);
  expect(used).toBeLessThan(limit);
  expect(heapPercent()).toBeGreaterThan(0);
});

it('takes the limit that is nearest', () => {
  expect(memoryPercent({ used: 50, limit: 1000, source: 'host' }, 87)).toBe(87);
  expect(memoryPercent({ used: 900, limit: 1000, source: 'cgroup2' }, 87)).toBe(90);
});
