import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingServer, until } from '../testing/recording-server.ts';
import { BatchSender, type SenderOptions } from './batch-sender.ts';
import { DropCounter } from './drop-counter.ts';
import { OTLP_LOGS } from './otlp-logs.ts';

const INFO = 2;
const ERROR = 4;

let server: RecordingServer;
const senders: BatchSender[] = [];

function sender(options: Partial<SenderOptions> = {}) {
  const warnings: string[] = [];
  const drops = new DropCounter((message) => warnings.push(message));
  const made = new BatchSender({
    url: server.url,
    key: 'k'.repeat(32),
    drops,
    interval: 20,
    timeout: 2000,
    backoff: { base: 20, cap: 100 },
    warn: (message) => warnings.push(message),
    ...options,
  });
  senders.push(made);
  return { sender: made, drops, warnings };
}

const line = (n: number, padding = '') => `${JSON.stringify({ n, padding })}\n`;
const numbers = () => server.records.map((record) => record['n']).filter((n) => n !== undefined);

beforeEach(async () => {
  server = await new RecordingServer().listen();
});

afterEach(async () => {
  await Promise.all(senders.splice(0).map((each) => each.close(0)));
  await server.close();
});

describe('delivery', () => {
  it('sends batches by time, with key and batch id', async () => {
    const { sender: s } = sender();
    s.write(INFO, line(1));
    s.write(INFO, line(2));
    await until(() => server.batches.length === 1 && s.pending === 0);
    expect(server.batches[0]).toMatchObject({
      key: 'k'.repeat(32),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      records: [{ n: 1 }, { n: 2 }],
    });
  });

  it('keeps a line in its place among those that it is worth as much as', async () => {
    const { sender: s } = sender();
    s.write(INFO, line(1));
    s.write(ERROR, line(2));
    s.write(INFO, line(3), ERROR);
    s.write(ERROR, line(4));
    await until(() => server.batches.length === 1 && s.pending === 0);
    expect(numbers()).toEqual([2, 3, 4, 1]);
  });

  it('sends a full batch at once', async () => {
    const { sender: s } = sender({ interval: 60_000, maxBatch: 128 * 1024 });
    for (let n = 0; n < 300; n++) {
      s.write(INFO, line(n, 'x'.repeat(1000)));
    }
    await until(() => server.batches.length > 0);
    expect(await s.flush(2000)).toBe(true);
    expect(numbers()).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('has nothing to do when nothing was written', async () => {
    const { sender: s } = sender();
    expect(await s.flush(1000)).toBe(true);
    expect(server.batches).toHaveLength(0);
  });

  it('keeps lines that come while a batch is under way', async () => {
    const { sender: s } = sender({ interval: 1 });
    for (let n = 0; n < 200; n++) {
      s.write(INFO, line(n));
      if (n % 10 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    expect(await s.flush(2000)).toBe(true);
    expect(numbers()).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });
});

describe('trouble', () => {
  it('repeats a batch under the same id while the server fails', async () => {
    let failures = 3;
    server.script = () => (failures-- > 0 ? { status: 503 } : undefined);
    const { sender: s, drops } = sender();
    s.write(INFO, line(1));
    await until(() => server.records.length === 1);
    expect(server.batches.map((batch) => batch.status)).toEqual([503, 503, 503, 202]);
    expect(new Set(server.batches.map((batch) => batch.id)).size).toBe(1);
    expect(drops.totals()).toEqual({});
  });

  it('waits as long as a 429 says, also when asked to flush', async () => {
    const times: number[] = [];
    server.script = () => {
      times.push(performance.now());
      return times.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    const { sender: s } = sender();
    s.write(INFO, line(1));
    await until(() => times.length === 1);
    expect(await s.flush(5000)).toBe(true);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(950);
  });

  it('gives up on a server that hangs and tries again', async () => {
    let hung = false;
    server.script = () => {
      if (!hung) {
        hung = true;
        return 'hang';
      }
      return undefined;
    };
    const { sender: s } = sender({ timeout: 100 });
    s.write(INFO, line(1));
    await until(() => server.records.length === 1);
    expect(server.batches.map((batch) => batch.status)).toEqual([0, 202]);
    expect(server.batches[0]?.id).toBe(server.batches[1]?.id);
  });

  it('holds lines while the server is away and delivers all of them when it is back', async () => {
    const { port } = server;
    await server.close();
    const { sender: s, drops } = sender();
    for (let n = 0; n < 100; n++) {
      s.write(n % 2 === 0 ? INFO : ERROR, line(n));
    }
    expect(await s.flush(150)).toBe(false);
    expect(s.pending).toBe(100);
    await server.listen(port);
    expect(await s.flush(3000)).toBe(true);
    expect(numbers().toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(drops.totals()).toEqual({});
  });

  it('counts exactly what a full buffer loses, keeps the severe lines, and reports the loss', async () => {
    const { port } = server;
    await server.close();
    const { sender: s, drops, warnings } = sender({ maxBuffer: 64 * 1024 });
    const total = 1000;
    for (let n = 0; n < total; n++) {
      s.write(n % 10 === 0 ? ERROR : INFO, line(n, 'x'.repeat(n % 10 === 0 ? 50 : 400)));
    }
    const lost = drops.totals().buffer_full as number;
    expect(lost).toBeGreaterThan(0);
    expect(s.pending + lost).toBe(total);
    await server.listen(port);
    await s.flush(3000);
    const delivered = numbers() as number[];
    expect(delivered.length + lost).toBe(total);
    expect(delivered.filter((n) => n % 10 === 0)).toHaveLength(100);
    const report = await until(() => server.records.find((record) => record['name'] === 'yumops_sdk_dropped'));
    expect(report).toMatchObject({ type: 'metric', value: lost, labels: { reason: 'buffer_full' } });
    drops.tell();
    expect(warnings.join()).toContain(`${lost} (buffer_full)`);
  });

  it.each([
    [401, 'refused'],
    [400, 'refused'],
    [413, 'too_large'],
  ] as const)('does not repeat what is refused with %i, counts it, and says so once', async (status, reason) => {
    server.script = () => ({ status });
    const { sender: s, drops, warnings } = sender();
    s.write(INFO, line(1));
    await s.flush(1000);
    s.write(INFO, line(2));
    await s.flush(1000);
    expect(drops.totals()).toEqual({ [reason]: expect.any(Number) });
    expect(server.batches.filter((batch) => batch.records.some((record) => 'n' in record))).toHaveLength(2);
    expect(warnings.filter((warning) => warning.includes(String(status)))).toHaveLength(1);
    expect(warnings.join()).not.toContain('kkkk');
  });

  it('repeats to a receiver of OTLP only what its specification lets be repeated', async () => {
    const statuses = [503, 200, 500];
    server.script = () => ({ status: statuses.shift() ?? 200 });
    const { sender: s, drops, warnings } = sender({ format: OTLP_LOGS });
    s.write(INFO, `${JSON.stringify({ timestamp: 0, level: 'info', message: 'first' })}\n`);
    await until(() => server.batches.length === 2 && s.pending === 0);
    s.write(INFO, `${JSON.stringify({ timestamp: 0, level: 'info', message: 'second' })}\n`);
    await until(() => s.pending === 0);
    expect(server.batches.map(({ status }) => status)).toEqual([503, 200, 500]);
    expect(drops.totals()).toMatchObject({ refused: 1 });
    expect(warnings.join()).toContain('check the address and the headers of the receiver');
  });

  it('counts lines that the server took the batch without', async () => {
    server.script = ({ records }) =>
      records.length === 1
        ? undefined
        : { status: 202, body: '{"accepted":1,"rejected":[{"line":2,"code":"bad","message":"x"}]}' };
    const { sender: s, drops } = sender();
    s.write(INFO, line(1));
    s.write(INFO, line(2));
    await s.flush(1000);
    expect(drops.totals()).toEqual({ invalid: 1 });
  });

  it('counts what is left at close and what comes after', async () => {
    await server.close();
    const { sender: s, drops } = sender();
    s.write(INFO, line(1));
    s.write(INFO, line(2));
    expect(await s.close(60)).toBe(false);
    s.write(INFO, line(3));
    expect(drops.totals()).toEqual({ closed: 3 });
    expect(s.pending).toBe(0);
    await server.listen();
  });
});
