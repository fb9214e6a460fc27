import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../../lib/clock.ts';
import { recordKey, SeenRecords } from './seen-records.ts';

const HOUR = 3_600_000;
const keysOf = (names: string) => names.split(' ').map((name) => recordKey('1', name));
const [A, B] = keysOf('a b') as [string, string];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-records-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** How many of the records are known; the others are taken. */
const known = (seen: SeenRecords, names: string) => seen.once(keysOf(names), async ({ size }) => size);

it('knows a record once it is taken, over spans and restarts, for a day', async () => {
  const clock = new FakeClock();
  const seen = await SeenRecords.open(folder, clock);
  expect(await known(seen, 'a b')).toBe(0);
  await seen.sync();
  await clock.advance(HOUR);
  expect(await known(seen, 'a b c')).toBe(2);
  await seen.sync();
  await seen.close();
  for (const name of await readdir(folder)) await appendFile(join(folder, name), 'torn');
  const again = await SeenRecords.open(folder, clock);
  expect(await known(again, 'a c d')).toBe(2);
  await clock.advance(24 * HOUR);
  await again.sync();
  expect(await known(again, 'a b')).toBe(0);
  expect(await known(again, 'c d')).toBe(2);
  await again.close();
});

it('knows after a crash what the spool holds', async () => {
  const seen = await SeenRecords.open(folder, new FakeClock());
  seen.recover({ at: 0, parts: [], records: A + B });
  seen.recover({ at: 0, parts: [] });
  expect(await known(seen, 'a b c')).toBe(2);
  await seen.close();
});

it('waits for a run with the same record, and takes it when that run failed', async () => {
  const seen = await SeenRecords.open(folder, new FakeClock());
  const ends: (() => void)[] = [];
  const begun = (key: string, failure?: Error) =>
    seen.once([key], () => new Promise<void>((done, fail) => ends.push(() => (failure ? fail(failure) : done()))));
  const [first, second] = [begun(A, new Error('no space')), begun(B)];
  const third = seen.once([A, B], async (those) => those);
  ends[0]?.();
  await expect(first).rejects.toThrow('no space');
  ends[1]?.();
  await second;
  expect(await third).toEqual(new Set([B]));
  await seen.close();
});

it('forgets the oldest before their time where there are too many', async () => {
  const clock = new FakeClock();
  const seen = await SeenRecords.open(folder, clock, 3);
  for (const names of ['a b', 'c', 'd e']) {
    await known(seen, names);
    await seen.sync();
    await clock.advance(HOUR);
  }
  expect(await known(seen, 'c d e')).toBe(3);
  expect(await known(seen, 'a')).toBe(0);
  await seen.close();
});
