import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DropCounter } from '../transport/drop-counter.ts';
import { prettyLine } from './pretty.ts';
import { StdoutSink } from './stdout-sink.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-sink-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('writes collected lines in order', async () => {
  const file = join(folder, 'out');
  const fd = openSync(file, 'w');
  const sink = new StdoutSink({ fd, drops: new DropCounter() });
  const lines = Array.from({ length: 1000 }, (_, n) => `{"n":${n},"text":"é🍕"}\n`);
  for (const line of lines) {
    sink.write(2, line);
  }
  expect(await sink.flush(1000)).toBe(true);
  closeSync(fd);
  expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
});

it('neither blocks nor loses count when the reader stalls', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const drops = new DropCounter();
  const sink = new StdoutSink({ fd: writer, drops });
  const line = `${'x'.repeat(1023)}\n`;
  const startedAt = performance.now();
  for (let n = 0; n < 10_000; n++) {
    sink.write(2, line);
  }
  // One that blocked would wait for its reader for ever.
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  const lost = drops.totals().stdout_full as number;
  expect(lost).toBeGreaterThan(5000);
  let received = 0;
  const chunk = Buffer.alloc(64 * 1024);
  while (received < (10_000 - lost) * 1024) {
    received += readSync(reader, chunk, 0, chunk.length, null);
    await sink.flush(0);
  }
  expect(await sink.flush(1000)).toBe(true);
  expect(received).toBe((10_000 - lost) * 1024);
  closeSync(writer);
  closeSync(reader);
});

it('shows a record to people', () => {
  const line = JSON.stringify({
    timestamp: '2026-01-05T10:00:00.007Z',
    level: 'warn',
    message: 'slow query',
    service: 's',
    ms: 12,
    table: 'a b',
    error: { stack: 'Error: x\n    at y' },
  });
  expect(prettyLine(`${line}\n`, false)).toBe(
    '10:00:00.007 WARN  slow query ms=12 table="a b"\n  Error: x\n      at y\n',
  );
});
