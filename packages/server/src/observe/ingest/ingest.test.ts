import { randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../../test/engines.ts';
import { startTestIngest, until } from '../../../test/ingest.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { spoolProbe } from '../health/index.ts';

let store: TestTelemetry;

beforeAll(async () => {
  store = await startTestTelemetry();
});

afterAll(() => store?.stop());

function body(run: string, count: number, extra: Record<string, unknown> = {}) {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ message: `m${i}`, service: run, userId: String(i), ...extra }),
  );
  return { body: Buffer.from(lines.join('\n')), format: 'ndjson' as const, project: '1' };
}

async function counts(run: string) {
  const [row] = await store.telemetry.query<{ total: number; distinct: number }>(
    'SELECT count() AS total, uniqExact(userId) AS distinct FROM logs WHERE service = {run:String}',
    { run },
  );
  return row;
}

it('takes a delivery once, whatever a live tail does with it', async () => {
  const run = randomUUID();
  const { ingest, stop } = await startTestIngest({ telemetry: store.telemetry });
  ingest.tail.subscribe(
    () => {
      throw new Error('a filter that fails');
    },
    { row: () => undefined, dropped: () => undefined },
  );
  const delivery = { ...body(run, 3), batchId: randomUUID() };
  const first = await ingest.accept(delivery);
  expect(await ingest.accept(delivery)).toEqual(first);
  await until(() => ingest.watermark() === undefined);
  expect(await counts(run)).toEqual({ total: 3, distinct: 3 });
  await stop();
});

it('takes a record that has an id once, whatever bodies it comes in, also after a crash', async () => {
  const run = randomUUID();
  const drained = (...numbers: number[]) => {
    const records = numbers.map((n) => ({
      id: `${run}-${n}`,
      timestamp: Date.now(),
      message: `m${n}`,
      projectId: run,
    }));
    return { body: Buffer.from(JSON.stringify(records)), format: 'vercel' as const, project: '1' };
  };
  const insert = async () => {
    throw new YumOpsError('telemetry_unavailable', 'Switched off.', { status: 503 });
  };
  const before = await startTestIngest({ telemetry: { insert } });
  await Promise.all([drained(1, 2), drained(2, 3), drained(3, 3, 4)].map((body) => before.ingest.accept(body)));
  expect(before.ingest.stats()).toMatchObject({ accepted: 4, repeated: 2 });
  const folder = await mkdtemp(join(tmpdir(), 'yumops-test-spool-'));
  cpSync(before.folder, folder, { recursive: true });
  const after = await startTestIngest({ telemetry: store.telemetry, folder });
  expect(await after.ingest.accept(drained(1, 4, 5))).toMatchObject({ accepted: 1 });
  await until(() => after.ingest.watermark() === undefined);
  expect(await after.ingest.accept(drained(5, 2))).toMatchObject({ accepted: 0 });
  expect(await after.ingest.accept({ ...drained(5), project: '2' })).toMatchObject({ accepted: 1 });
  const [row] = await store.telemetry.query(
    "SELECT count() AS total, uniqExact(message) AS distinct FROM logs WHERE service = {run:String} AND project = '1'",
    { run },
  );
  expect(row).toEqual({ total: 5, distinct: 5 });
  await after.stop();
  await before.ingest.close(0);
  await rm(before.folder, { recursive: true, force: true });
});

describe('while the store is down', () => {
  it('keeps what it acknowledged, tells how far behind it is, and drains later', async () => {
    const run = randomUUID();
    let down = true;
    const insert: TelemetryStore['insert'] = async (...args) => {
      if (down) throw new YumOpsError('telemetry_unavailable', 'Switched off.', { status: 503 });
      await store.telemetry.insert(...args);
    };
    const { ingest, stop } = await startTestIngest({ telemetry: { insert } });
    const old = Date.now() - 3_600_000;
    await ingest.accept(body(run, 500, { timestamp: old }));
    for (let i = 0; i < 5; i += 1) await ingest.accept(body(`${run}-${i}`, 100));
    await until(() => ingest.stats().retries > 1);
    expect(ingest.stats()).toMatchObject({ accepted: 1_000, stored: {} });
    expect(ingest.stats().lagSeconds).toBeGreaterThan(0);
    expect(ingest.watermark()).toBe(old);
    down = false;
    await until(() => ingest.watermark() === undefined);
    expect(ingest.watermark()).toBeUndefined();
    expect(await counts(run)).toEqual({ total: 500, distinct: 500 });
    expect(ingest.stats().stored).toEqual({ logs: 1_000 });
    await stop();
  });

  it('refuses with spool_full at its bound and takes again afterwards', async () => {
    let down = true;
    const insert: TelemetryStore['insert'] = async (...args) => {
      if (down) throw new YumOpsError('telemetry_unavailable', 'Switched off.', { status: 503 });
      await store.telemetry.insert(...args);
    };
    const { ingest, stop } = await startTestIngest({ telemetry: { insert }, maxBytes: 300_000, segmentBytes: 20_000 });
    const run = randomUUID();
    let taken = 0;
    const fill = async () => {
      for (;;) {
        await ingest.accept(body(run, 100, { userId: undefined, seq: taken }));
        taken += 100;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'spool_full', status: 429 });
    await ingest.writer.append('logs', [
      { timestamp: Date.now(), id: 'x', project: 'yumops', service: run, level: 'info', message: 'own' },
    ]);
    const small = async () => {
      for (; ; taken += 1) await ingest.accept(body(run, 1, { userId: undefined }));
    };
    await expect(small()).rejects.toMatchObject({ code: 'spool_full' });
    expect(ingest.stats().refused).toBe(2);
    const { spoolBytes: bytes, spoolRefusalBytes: limitBytes, lagSeconds, trouble } = ingest.stats();
    expect(await spoolProbe(() => ({ bytes, limitBytes, lagSeconds, trouble })).check()).toMatchObject({
      status: 'unhealthy',
    });
    down = false;
    await until(() => ingest.watermark() === undefined);
    await ingest.accept(body(run, 100));
    await until(() => ingest.watermark() === undefined);
    expect((await counts(run))?.total).toBe(taken + 101);
    await stop();
  });
});

describe('a batch that the store refuses for good', () => {
  it('is halved until the guilty rows are found; they become dead letters and the rest is kept', async () => {
    const { ingest, stop } = await startTestIngest({ telemetry: store.telemetry });
    const run = randomUUID();
    const guilty = new Set([17, 18, 99]);
    const rows = Array.from({ length: 100 }, (_, i) => ({
      timestamp: Date.now(),
      id: `r${i}`,
      project: '3',
      service: run,
      level: 'info',
      message: 'm',
      userId: String(i),
      ...(guilty.has(i) ? { statusCode: 'not a number' } : {}),
    }));
    await ingest.writer.append('logs', rows);
    await until(() => ingest.watermark() === undefined);
    expect(await counts(run)).toEqual({ total: 97, distinct: 97 });
    const dead = await store.telemetry.query<{ record: string }>(
      "SELECT * FROM dead_letters WHERE code = 'refused_by_logs' AND position(record, {run:String}) > 0 ORDER BY record",
      { run },
    );
    expect(dead.map(({ record }) => (JSON.parse(record) as { id: string }).id)).toEqual(['r17', 'r18', 'r99']);
    expect(dead[0]).toMatchObject({ project: '3', source: 'store', message: expect.stringContaining('statusCode') });
    await stop();
  });
});

describe('a restart', () => {
  it('goes on from any moment of the past: nothing is lost, nothing is doubled', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'yumops-test-restart-'));
    const copies: string[] = [];
    const run = randomUUID();
    const snapshot = () => {
      const copy = `${folder}-copy-${copies.length}`;
      copies.push(copy);
      // At one go: a segment may be retired as soon as this returns.
      cpSync(folder, copy, { recursive: true });
    };
    const first = await startTestIngest({
      telemetry: store.telemetry,
      folder,
      onBatchStep: () => copies.length < 12 && snapshot(),
      segmentBytes: 30_000,
    });
    const id = randomUUID();
    for (let i = 0; i < 6; i += 1) {
      await first.ingest.accept({
        ...body(run, 50, { userId: undefined, seq: i }),
        ...(i === 0 ? { batchId: id } : {}),
      });
      await until(() => first.ingest.watermark() === undefined);
    }
    await first.ingest.close();
    expect((await counts(run))?.total).toBe(300);
    expect(copies.length).toBe(12);
    for (const copy of copies) {
      const again = await startTestIngest({ telemetry: store.telemetry, folder: copy });
      expect(await again.ingest.accept({ ...body(run, 50), batchId: id })).toEqual({ accepted: 50, rejected: [] });
      expect(again.ingest.stats()).toMatchObject({ repeated: 1 });
      await until(() => again.ingest.watermark() === undefined);
      await again.stop();
    }
    expect((await counts(run))?.total).toBe(300);
    await rm(folder, { recursive: true, force: true });
  });

  it('of a clean stop leaves nothing to send again', async () => {
    const run = randomUUID();
    const { ingest, folder } = await startTestIngest({ telemetry: store.telemetry, flushMs: 60_000 });
    await ingest.accept(body(run, 10));
    await ingest.accept(body(run, 10));
    await ingest.close();
    expect((await counts(run))?.total).toBe(20);
    const again = await startTestIngest({ telemetry: store.telemetry, folder });
    expect(again.ingest.stats()).toMatchObject({ lagSeconds: 0, stored: {} });
    await again.stop();
  });
});

it('refuses rows for a relation that does not exist', async () => {
  const { ingest, stop } = await startTestIngest({ telemetry: store.telemetry });
  await expect(ingest.writer.append('nothing', [{ timestamp: 1 }])).rejects.toMatchObject({ code: 'unknown_relation' });
  await stop();
});
