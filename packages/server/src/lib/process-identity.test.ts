import { expect, test, vi } from 'vitest';
import { startOf } from './process-identity.ts';

test.each(['linux', 'darwin'] as const)('on %s a process is told alike in every time zone', (platform) => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
  vi.stubEnv('TZ', 'America/Los_Angeles');
  const there = startOf(process.pid);
  vi.stubEnv('TZ', 'Asia/Tokyo');
  expect(startOf(process.pid)).toBe(there);
  expect(there).toBeDefined();
});
