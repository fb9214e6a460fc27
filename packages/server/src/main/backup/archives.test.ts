import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BackupKey, BackupKeys, Repository } from '../../care/backup/index.ts';
import type { KeeperStatus } from '../../care/backup/physical/index.ts';
import { FakeClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import { openBlobStore } from '../../store/blob/index.ts';
import { copyConditions, logConditions } from './archives.ts';
import { LogCopier } from './copy-log.ts';

const NOW = Date.parse('2026-03-04T12:00:00Z');
const receiver = { retained: 0 } as NonNullable<KeeperStatus['receiver']>;
const fine: KeeperStatus = { state: 'receiving', problem: null, receiver, since: null };
const failing: KeeperStatus = { ...fine, state: 'failing', problem: 'the server is away', since: NOW - 61_000 };

test.each<[string, KeeperStatus, string[]]>([
  ['comes in', fine, []],
  ['comes in elsewhere', { ...fine, state: 'standby', receiver: null }, []],
  ['has not come in for a minute', { ...failing, since: NOW - 60_000 }, []],
  ['has not come in for longer', failing, ['log_not_stored']],
  ['is kept by the server, 5 GB of it', { ...fine, receiver: { ...receiver, retained: 5e9 } }, []],
  ['is kept by the server, more of it', { ...fine, receiver: { ...receiver, retained: 5.1e9 } }, ['log_retained']],
  [
    'is kept and does not come in',
    { ...failing, receiver: { ...receiver, retained: 6e9 } },
    ['log_not_stored', 'log_retained'],
  ],
])('log that %s', (_, status, problems) => {
  const found = logConditions('nightly', status, NOW);
  expect(found.map(({ labels }) => labels)).toEqual(problems.map((problem) => ({ backup: 'nightly', problem })));
  for (const { holds, id } of found) expect([holds, id.startsWith('backup:nightly:log_')]).toEqual([true, true]);
});

test('what is told names the moment, the reason and the amount', () => {
  const [away] = logConditions('nightly', failing, NOW);
  expect(away?.reason).toBe('No write-ahead log has been stored since 2026-03-04T11:58:59.000Z: the server is away');
  const [kept] = logConditions('nightly', { ...fine, receiver: { ...receiver, retained: 6.2e9 } }, NOW);
  expect(kept?.reason).toBe('The server keeps 6200 MB of log for the backup.');
});

test('log that does not reach the second destination is told of after ten minutes, until it does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-log-copy-'));
  const clock = new FakeClock(NOW);
  const open = async (name: string) =>
    new Repository(await openBlobStore(`file:${join(folder, name)}`, folder), 'nightly', new BackupKeys([key]));
  const key = BackupKey.create();
  const from = await open('first');
  await from.store.put('nightly/wal/7/00000001/0000000000000000-0000000001000000', Buffer.from('a piece'));
  let away = true;
  const to = {
    lockMs: null,
    pitrWindowMs: 0,
    open: () => (away ? Promise.reject(new Error('the bucket is away')) : open('second')),
  };
  const log = createLog(clock, () => undefined);
  const copier = new LogCopier({ name: 'nightly', from: async () => from, to, isOurs: () => true, clock, log });
  copier.start();
  const minutes = async (count: number, until: () => boolean) => {
    for (let n = 0; n < count; n++) await clock.advance(60_000);
    await expect.poll(until, { timeout: 10_000 }).toBe(true);
    return copyConditions('nightly', copier.problem, clock.now());
  };
  expect(await minutes(1, () => copier.problem !== null)).toEqual([]);
  const found = await minutes(11, () => copier.problem !== null);
  expect(found).toMatchObject([
    {
      labels: { backup: 'nightly', problem: 'log_not_copied' },
      reason: 'No log reached the second destination since 2026-03-04T12:01:00.000Z: the bucket is away',
    },
  ]);
  away = false;
  expect(await minutes(1, () => copier.problem === null)).toEqual([]);
  const second = await open('second');
  expect(await second.store.head('nightly/wal/7/00000001/0000000000000000-0000000001000000')).toBeDefined();
  await copier.stop();
  await rm(folder, { recursive: true, force: true });
});
