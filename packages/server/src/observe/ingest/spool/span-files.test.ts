import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { append, bySpan, SpanFiles } from './span-files.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-spans-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

/** Items are pairs of characters. */
function read(content: Buffer): { held: string[]; bytes: number } {
  const held = content.toString('latin1').match(/../g) ?? [];
  return { held, bytes: 2 * held.length };
}
const open = () => SpanFiles.open({ folder, ending: 'pairs', spanMs: 10, keepMs: 30, read });

it('gives back what was appended, without what a crash left behind it', async () => {
  const files = await open();
  const span = await files.at(7);
  expect(await files.at(7)).toBe(span);
  expect([await append(span, Buffer.from('aabb')), await append(span, Buffer.from('cc'))]).toEqual([0, 4]);
  await files.close();
  await writeFile(join(folder, '7.pairs'), 'aabbccd');
  await writeFile(join(folder, '8.other'), 'not its own');
  const again = await open();
  expect([...again.all()].map(({ number, held }) => [number, held])).toEqual([[7, ['aa', 'bb', 'cc']]]);
  expect(await readFile(join(folder, '7.pairs'), 'latin1')).toBe('aabbcc');
  await append(await again.at(7), Buffer.from('dd'));
  await again.close();
  expect(await readFile(join(folder, '7.pairs'), 'latin1')).toBe('aabbccdd');
});

it('writes over what a failed sync left undecided, and names the file that took only a part', async () => {
  const files = await open();
  const span = await files.at(1);
  vi.spyOn(span.file, 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error'));
  await expect(append(span, Buffer.from('aa'))).rejects.toThrow('EIO');
  vi.spyOn(span.file, 'write').mockResolvedValueOnce({ bytesWritten: 1, buffer: '' });
  await expect(append(span, Buffer.from('aa'))).rejects.toThrow(
    `${join(folder, '1.pairs')} was not written as a whole.`,
  );
  expect(await append(span, Buffer.from('bb'))).toBe(0);
  await files.close();
  expect(await readFile(join(folder, '1.pairs'), 'latin1')).toBe('bb');
});

it('keeps a span until all of it is older than is kept', async () => {
  const files = await open();
  for (const number of [4, 6, 5]) await files.at(number);
  expect(files.newestFirst().map(({ number }) => number)).toEqual([6, 5, 4]);
  const over = (now: number) => files.newestFirst().filter((span) => files.isOver(span, now));
  expect(over(79)).toEqual([]);
  for (const span of over(80)) await files.drop(span);
  expect((await readdir(folder)).sort()).toEqual(['5.pairs', '6.pairs']);
  expect([...files.all()].map(({ number }) => number)).toEqual([6, 5]);
  await files.close();
});

it('groups what came by span, in order', () => {
  expect([...bySpan([0, 9, 10, 5, 25], (at) => at, 10)]).toEqual([
    [0, [0, 9, 5]],
    [1, [10]],
    [2, [25]],
  ]);
});
