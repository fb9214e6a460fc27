import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog, until } from '../../../../test/ingest.ts';
import { systemClock } from '../../../lib/clock.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { Journal } from '../spool/journal.ts';
import { SPOOL_START, Spool } from '../spool/spool.ts';
import { Batcher } from './batcher.ts';

let folder: string;
let spool: Spool;
let journal: Journal;
let batcher: Batcher;
let inserted: string[];

const insert: TelemetryStore['insert'] = async (_table, rows) => {
  inserted.push(Buffer.from(rows).toString().trim());
};

async function open(store: Pick<TelemetryStore, 'insert'> = { insert }) {
  const limits = { maxBytes: 1 << 24, segmentBytes: 1 };
  journal = await Journal.open(folder, SPOOL_START, systemClock, silentLog);
  spool = await Spool.open({ folder, ...limits, log: silentLog }, journal.state.position, () => undefined);
  batcher = new Batcher({
    spool,
    journal,
    store,
    clock: systemClock,
    log: silentLog,
    maxRows: 100,
    maxBytes: 1 << 20,
    flushMs: 1,
    eagerBytes: 1,
    beforeRelease: async () => undefined,
  });
}

beforeEach(async () => {
  inserted = [];
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-batcher-'));
  await open();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await batcher.close(1_000);
  await spool.close();
  await journal.close();
  await rm(folder, { recursive: true, force: true });
});

async function append(row: string, crc?: number) {
  const payload = Buffer.from(`${row}\n`);
  const part = { table: 'logs', day: '2026-01-01', retentionClass: 'logs', rowCount: 1, bytes: payload.length };
  const header = { at: 1_000, parts: [{ ...part, oldest: 500 }] };
  await spool.append({ header, payload, payloadCrc: crc ?? crc32(payload) });
}

const drained = () => spool.backlog.oldestArrival() === undefined;

it('goes on after a read that failed, and tells meanwhile what is wrong', async () => {
  vi.spyOn(spool, 'read').mockRejectedValueOnce(new Error('EMFILE: too many open files.'));
  batcher.start();
  await append('a');
  await until(() => batcher.trouble() === 'The spool cannot be read: EMFILE: too many open files.');
  await until(drained);
  expect(inserted).toEqual(['a']);
  expect(batcher.trouble()).toBeUndefined();
});

it('sends again what was on its way, even when it cannot be read at first', async () => {
  const stuck = { insert: () => Promise.reject(new Error('down')) };
  await spool.close();
  await journal.close();
  await open(stuck);
  batcher.start();
  await append('a');
  await until(() => batcher.retries > 0);
  await batcher.close(0);
  await spool.close();
  await journal.close();
  await open();
  vi.spyOn(spool, 'read').mockRejectedValueOnce(new Error('EIO: i/o error'));
  batcher.start();
  await until(drained);
  expect(inserted).toEqual(['a']);
});

it('goes on when what is stored cannot be deleted from the spool', async () => {
  const release = vi.spyOn(spool, 'release').mockRejectedValueOnce(new Error('EIO: i/o error'));
  batcher.start();
  await append('a');
  await until(() => batcher.trouble()?.startsWith('What is stored cannot be deleted from the spool'));
  for (const row of ['b', 'c', 'd', 'e']) await append(row);
  await until(drained);
  expect(inserted.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(release.mock.calls.length).toBeGreaterThan(1);
  expect(batcher.trouble()).toBeUndefined();
});

it('stops at damage and keeps telling so', async () => {
  batcher.start();
  await append('a', 1);
  await until(() => batcher.trouble()?.includes('is damaged at byte 0'));
  expect(inserted).toEqual([]);
});

it('counts rows whose dead letters are refused too', async () => {
  const refuse = { insert: () => Promise.reject(Object.assign(new Error('Cannot parse.'), { code: '27' })) };
  await spool.close();
  await journal.close();
  await open(refuse);
  const error = vi.spyOn(silentLog, 'error');
  batcher.start();
  await append('a');
  await append('b');
  await until(drained);
  expect(batcher.lostDeadLetters).toBe(2);
  expect(error).toHaveBeenCalledWith(
    'The telemetry store refused dead letters: the rows are lost.',
    expect.objectContaining({ rows: 1 }),
  );
});
