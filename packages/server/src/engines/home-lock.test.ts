import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startOf } from '../lib/process-identity.ts';
import { lockHome } from './home-lock.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'yumops-lock-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

test('one holder at a time, also among many that try at once', async () => {
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockHome(home, 'Engine')));
  const held = results.filter((result) => result.status === 'fulfilled');
  expect(held).toHaveLength(1);
  await held[0]?.value.release();
  expect(await readdir(home)).toEqual([]);
});

test.each([
  ['a process that has ended', { pid: 4_194_303, start: 'boot/1' }],
  ['a process whose number was given away', { pid: process.ppid, start: 'boot/1' }],
  ['nothing readable', 'half a li'],
])('a claim of %s is taken over, by exactly one', async (_, content) => {
  const claim = join(home, 'owner.json');
  for (let round = 0; round < 20; round++) {
    await writeFile(claim, typeof content === 'string' ? content : JSON.stringify(content));
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockHome(home, 'Engine')));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(home)).toEqual(['owner.json']);
  }
});

test('a claim of a living process stands, and is named', async () => {
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  await writeFile(join(home, 'owner.json'), JSON.stringify({ pid: other.pid, start: startOf(other.pid as number) }));
  await expect(lockHome(home, 'Engine')).rejects.toMatchObject({
    code: 'engine_in_use',
    message: `Engine in ${home} is already in use by process ${other.pid}.`,
  });
  other.kill();
});

test('releasing twice does not take the next holder’s claim away', async () => {
  const first = await lockHome(home, 'Engine');
  await first.release();
  const second = await lockHome(home, 'Engine');
  await first.release();
  await expect(lockHome(home, 'Engine')).rejects.toMatchObject({ code: 'engine_in_use' });
  await second.release();
});
