import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { startOf } from '../lib/process-identity.ts';
import { embeddedRecovery } from './postgres/recovery.ts';
import { makeScratch, sweepScratch } from './scratch.ts';
import { scratchRecords } from './scratch-record.ts';

const context = { clock: systemClock, log: createLog(systemClock, () => undefined) };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-scratch-test-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** As if the process that wrote the records had been killed. */
async function orphan(): Promise<void> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const owner = { pid: child.pid, start: startOf(child.pid as number) };
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const file of (await scratchRecords()).keys()) {
    const record = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...record, owner: { ...record.owner, ...owner } }));
  }
}

test('a folder stays while its process lives, and goes when that was killed', async () => {
  const { path } = await makeScratch('trial-');
  await writeFile(join(path, 'rows'), 'x');
  expect(await sweepScratch(context)).toEqual([]);
  expect(existsSync(join(path, 'rows'))).toBe(true);
  await orphan();
  expect(await sweepScratch(context)).toEqual([path]);
  expect(existsSync(path)).toBe(false);
  expect((await scratchRecords()).size).toBe(0);
});

test('the place of a recovery is found by the next one, wherever it is', async () => {
  const recovery = embeddedRecovery(context);
  const { dataDir } = await recovery.place(join(folder, 'target'));
  await writeFile(join(dataDir, 'base'), 'x');
  await orphan();
  const next = await recovery.place(join(folder, 'target'));
  expect(existsSync(dataDir)).toBe(false);
  expect([...(await scratchRecords()).values()].map(({ path }) => path)).toEqual([next.dataDir]);
  await next.moveTo(join(folder, 'target'));
  expect((await scratchRecords()).size).toBe(0);
  expect(await sweepScratch(context)).toEqual([]);
  expect(existsSync(join(folder, 'target', 'postgresql.conf'))).toBe(true);
});

test.each<[string, (place: string) => Promise<unknown>]>([
  ['is a file', (place) => writeFile(place, '')],
  ['may be written by others', (place) => mkdir(place).then(() => chmod(place, 0o777))],
  ['leads elsewhere', (place) => symlink(folder, place)],
])('where the place of the records %s, it is not believed, and another one serves', async (_, take) => {
  const taken = join(folder, `yumops-scratch-${process.getuid?.()}`);
  await take(taken);
  const precious = join(folder, 'precious');
  await mkdir(precious);
  const owner = { pid: 2 ** 22 + 1, start: '1', host: 'here' };
  await writeFile(join(taken, 'planted.json'), JSON.stringify({ owner, path: precious })).catch(() => undefined);
  const { path } = await makeScratch('trial-');
  expect([...(await scratchRecords()).values()].map((record) => record.path)).toEqual([path]);
  await orphan();
  expect(await sweepScratch(context)).toEqual([path]);
  expect([existsSync(path), existsSync(precious)]).toEqual([false, true]);
});
