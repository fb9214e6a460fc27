import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { randomHex } from '../lib/random.ts';
import { canReach, engineUser, type OsUser } from './os-user.ts';
import { placeData, placeRuntime, removePlaced } from './placement.ts';

let folder: string;
let moved: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-placement-'));
  moved = [];
});

afterEach(async () => {
  await Promise.all([folder, ...moved].map((path) => rm(path, { recursive: true, force: true })));
});

test('an ordinary user’s data stays where it was put, and is private', async () => {
  const placed = await placeData(join(folder, 'state'), undefined);
  expect(placed).toBe(join(folder, 'state/data'));
  expect((await stat(placed)).mode & 0o777).toBe(0o700);
});

describe.runIf(process.getuid?.() === 0)('as root', () => {
  const user = engineUser() as OsUser;

  test('data stays where its user can enter', async () => {
    await chmod(folder, 0o755);
    const placed = await placeData(join(folder, 'state'), user);
    expect(placed).toBe(join(folder, 'state/data'));
    expect((await stat(placed)).uid).toBe(user.uid);
  });

  test('data moves away from a closed folder, once and for all', async () => {
    const home = join(folder, 'state');
    const placed = await placeData(home, user);
    moved.push(placed);
    expect(placed.startsWith(home)).toBe(false);
    expect(canReach(user, '-w', placed)).toBe(true);
    expect((await readFile(join(home, 'data-location'), 'utf8')).trim()).toBe(placed);
    await chmod(folder, 0o755);
    expect(await placeData(home, user)).toBe(placed);
  });

  test('a home that was deleted and made again does not find its old data', async () => {
    const home = join(folder, 'state');
    const first = await placeData(home, user);
    await writeFile(join(first, 'old'), 'row');
    await rm(home, { recursive: true });
    const second = await placeData(home, user);
    moved.push(first, second);
    expect(await readdir(second)).toEqual([]);
  });

  test.each(['root', 'the engine'])(
    'of data elsewhere that %s calls those of a home only ours are removed',
    async (by) => {
      const home = join(folder, 'state');
      const elsewhere = join(folder, 'elsewhere');
      await mkdir(home);
      await mkdir(elsewhere);
      await writeFile(join(home, 'data-location'), elsewhere);
      await writeFile(`${elsewhere}.home`, home);
      if (by === 'the engine') await chown(`${elsewhere}.home`, user.uid, user.gid);
      await removePlaced(home);
      expect(await readdir(folder)).toEqual(by === 'root' ? [] : ['elsewhere', 'elsewhere.home']);
    },
  );

  test('data that root copied back changes hands', async () => {
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'state/data/base'), { recursive: true });
    await writeFile(join(folder, 'state/data/base/1'), 'row', { mode: 0o600 });
    const placed = await placeData(join(folder, 'state'), user);
    expect((await stat(join(placed, 'base/1'))).uid).toBe(user.uid);
  });

  test('programs are used in place, or copied where their user can run them', async () => {
    const source = join(folder, 'native');
    await mkdir(join(source, 'bin'), { recursive: true });
    await writeFile(join(source, 'bin/run'), '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    await writeFile(join(source, 'shared'), 'x', { mode: 0o644 });
    const key = `test-${randomHex(6)}`;
    const copied = await placeRuntime(source, 'bin/run', key, user);
    moved.push(copied);
    expect(copied).not.toBe(source);
    expect(canReach(user, '-x', join(copied, 'bin/run'))).toBe(true);
    expect(await readFile(join(copied, 'shared'), 'utf8')).toBe('x');
    expect((await stat(join(source, 'bin/run'))).mode & 0o777).toBe(0o700);
    expect(await placeRuntime(source, 'bin/run', key, user)).toBe(copied);
    await Promise.all([chmod(folder, 0o755), chmod(join(source, 'bin/run'), 0o755)]);
    expect(await placeRuntime(source, 'bin/run', key, user)).toBe(source);
  });
});
