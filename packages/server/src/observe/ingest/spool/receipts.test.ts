import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../lib/clock.ts';
import { Receipts, receiptKey } from './receipts.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-receipts-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const HOUR = 3_600_000;
const answer = (accepted: number) => ({ accepted, rejected: [] });

async function note(receipts: Receipts, name: string, accepted: number) {
  return await receipts.once(receiptKey('1', name), async () => answer(accepted));
}

it('remembers answers over hours and restarts, and forgets them after a day', async () => {
  const clock = new FakeClock();
  const receipts = await Receipts.open(folder, clock);
  await note(receipts, 'a', 1);
  await clock.advance(HOUR);
  await note(receipts, 'b', 2);
  await note(receipts, 'c', 3);
  await receipts.sync();
  await receipts.close();
  const again = await Receipts.open(folder, clock);
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    expect(await note(again, name, 99)).toEqual({ answer: answer(i + 1), repeated: true });
  }
  await clock.advance(24 * HOUR);
  await again.sync();
  expect(await note(again, 'a', 99)).toMatchObject({ repeated: false });
  expect(await note(again, 'b', 99)).toMatchObject({ repeated: true });
  await again.close();
});

it('writes and syncs again what a failed sync left undecided', async () => {
  const receipts = await Receipts.open(folder, new FakeClock());
  await note(receipts, 'a', 1);
  const file = await openFile(join(folder, 'any'), 'w');
  await file.close();
  const files = Object.getPrototypeOf(file) as { datasync(): Promise<void>; write(): Promise<unknown> };
  const sync = vi.spyOn(files, 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error'));
  const write = vi.spyOn(files, 'write');
  await expect(receipts.sync()).rejects.toThrow('EIO');
  await receipts.sync();
  expect([sync.mock.calls.length, write.mock.calls.length]).toEqual([2, 2]);
  await receipts.sync();
  expect(sync).toHaveBeenCalledTimes(2);
  await note(receipts, 'b', 2);
  await receipts.sync();
  await receipts.close();
  const again = await Receipts.open(folder, new FakeClock());
  expect(await note(again, 'a', 99)).toEqual({ answer: answer(1), repeated: true });
  expect(await note(again, 'b', 99)).toEqual({ answer: answer(2), repeated: true });
  await again.close();
});
