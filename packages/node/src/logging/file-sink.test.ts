import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DropCounter } from '../transport/drop-counter.ts';
import { type FileOptions, FileSink } from './file-sink.ts';

const INFO = 2;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function fileSink(options: Partial<FileOptions>) {
  const drops = new DropCounter();
  const warnings: string[] = [];
  const path = join(folder, 'logs', 'app.log');
  const sink = new FileSink({ path, ...options, drops, warn: (message) => warnings.push(message) });
  return { sink, drops, warnings, path };
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);

it('begins a new file at its size, keeps so many older ones, and divides no record', async () => {
  const { sink, path, drops } = fileSink({ maxBytes: 4096, maxFiles: 3 });
  for (let n = 0; n < 2000; n++) {
    sink.write(INFO, `{"n":${n},"text":"é🍕"}\n`);
    if (n % 70 === 0) await sink.flush(1000);
  }
  expect(await sink.close(1000)).toBe(true);
  expect(readdirSync(join(folder, 'logs')).sort()).toEqual(['app.log', 'app.log.1', 'app.log.2', 'app.log.3']);
  const kept = [`${path}.3`, `${path}.2`, `${path}.1`, path].flatMap(linesOf).map((line) => JSON.parse(line).n);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 2000 - kept.length + i));
  for (const name of readdirSync(join(folder, 'logs'))) {
    expect(statSync(join(folder, 'logs', name)).size).toBeLessThanOrEqual(4096);
  }
  expect(drops.totals()).toEqual({});
});

it('goes on with a file that is there, and with one record that is larger than a file may be', async () => {
  const { sink, path } = fileSink({ maxBytes: 1000 });
  for (const line of ['a\n', `${'b'.repeat(3000)}\n`, 'c\n']) sink.write(INFO, line);
  await sink.close(1000);
  expect([`${path}.2`, `${path}.1`, path].map((file) => readFileSync(file, 'utf8').length)).toEqual([2, 3001, 2]);
  const next = fileSink({ maxBytes: 1000 });
  next.sink.write(INFO, 'd\n');
  await next.sink.close(1000);
  expect(linesOf(path)).toEqual(['c', 'd']);
});

it('takes no harm of a place where it cannot write: says so once, keeps lines for later, counts what it gives up', async () => {
  const blocked = join(folder, 'logs');
  writeFileSync(blocked, 'a file where the folder should be');
  const { sink, drops, warnings, path } = fileSink({});
  sink.write(INFO, 'kept\n');
  expect(await sink.flush(0)).toBe(false);
  rmSync(blocked);
  sink.flushSync(0);
  expect(linesOf(path)).toEqual(['kept']);
  expect(warnings).toEqual([expect.stringContaining(`${path} cannot be written: `)]);

  rmSync(blocked, { recursive: true });
  expect(existsSync(path)).toBe(false);
  sink.write(INFO, 'to a file that was removed\n');
  await sink.close(0);
  sink.write(INFO, 'too late\n');
  expect(drops.totals()).toEqual({ closed: 1 });
});

it.each([
  ['was renamed by somebody else', (path: string) => renameSync(path, `${path}.old`)],
  ['was removed with its folder', (path: string) => rmSync(join(path, '..'), { recursive: true })],
])('begins a file anew that %s', async (_name, move) => {
  const { sink, path, drops } = fileSink({});
  sink.write(INFO, 'before\n');
  await sink.flush(1000);
  move(path);
  sink.write(INFO, 'after\n');
  expect(await sink.close(1000)).toBe(true);
  expect(linesOf(path)).toEqual(['after']);
  expect(drops.totals()).toEqual({});
});

it('goes on with a full file while another process renames it, but not for one that died', async () => {
  const { sink, path } = fileSink({ maxBytes: 10 });
  const put = async (text: string) => {
    sink.write(INFO, text);
    await sink.flush(1000);
  };
  await put('first line\n');
  mkdirSync(`${path}.lock`);
  await put('second line\n');
  expect(linesOf(path)).toEqual(['first line', 'second line']);
  utimesSync(`${path}.lock`, 0, 0);
  await put('third line\n');
  await put('fourth line\n');
  expect(linesOf(path)).toEqual(['fourth line']);
  expect(existsSync(`${path}.lock`)).toBe(false);
  await sink.close(1000);
});

it.runIf(existsSync('/dev/full'))('counts every line when the disk is full', async () => {
  const { sink, drops, warnings } = fileSink({ path: '/dev/full' });
  const line = `${'x'.repeat(1023)}\n`;
  for (let n = 0; n < 10_000; n++) sink.write(INFO, line);
  expect(await sink.close(0)).toBe(false);
  expect(drops.totals()).toEqual({ file_failed: 10_000 });
  expect(warnings).toEqual([
    expect.stringContaining('ENOSPC'),
    expect.stringMatching(/^\d+ records could not be written to \/dev\/full$/),
  ]);
});
