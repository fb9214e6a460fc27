import { expect, test } from 'vitest';
import type { BackupConfig } from '../../care/backup/index.ts';
import type { Backups, Hooks } from './backups.ts';
import { copyAndCheck } from './copies.ts';

test('every backup that was copied or repaired is read, and the newest of each tier', async () => {
  const read: string[] = [];
  const there = {
    list: async () => ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, tier: 'logical', status: 'good' })),
    verify: async (id: string) => read.push(id),
  };
  const copies = { catchUp: async () => ({ copied: ['d', 'b'], repaired: ['a'] }), target: () => 'second' };
  const backups = { copies, at: () => there } as unknown as Backups;
  await copyAndCheck(backups, { tiers: ['logical'] } as unknown as BackupConfig, {} as Hooks);
  expect(read.sort()).toEqual(['a', 'b', 'd', 'e']);
});
