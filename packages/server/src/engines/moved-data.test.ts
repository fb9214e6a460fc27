import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { abandonedData, homeRecord } from './moved-data.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-moved-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Data of `home` in the system's folder; `known` = the home still says that they are its own. */
async function moved(name: string, known: boolean): Promise<string> {
  const home = join(folder, 'homes', name);
  const path = join(folder, 'data', name);
  await mkdir(join(path, 'base'), { recursive: true });
  await writeFile(join(path, 'base', '1'), 'x'.repeat(1000));
  await writeFile(homeRecord(path), `${home}\n`);
  if (known) {
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'data-location'), `${path}\n`);
  }
  return path;
}

test('data whose home is gone are abandoned, those of a home are not', async () => {
  await moved('lives', true);
  const path = await moved('gone', false);
  expect(await abandonedData(folder)).toEqual([{ path, home: join(folder, 'homes', 'gone'), bytes: 1000 }]);
});

test('a home that was made anew does not own its old data', async () => {
  const path = await moved('again', true);
  await writeFile(join(folder, 'homes', 'again', 'data-location'), '/elsewhere\n');
  expect((await abandonedData(folder)).map((one) => one.path)).toEqual([path]);
});

test('nothing is abandoned where nothing was put elsewhere', async () => {
  expect(await abandonedData(folder)).toEqual([]);
});

test('a home that cannot be read may own them', async () => {
  await moved('closed', false);
  await mkdir(join(folder, 'homes', 'closed', 'data-location'), { recursive: true });
  expect(await abandonedData(folder)).toEqual([]);
});
