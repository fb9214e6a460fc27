import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { startOf } from '../../src/lib/process-identity.ts';
import { currentOwner, ownerTag } from '../../src/lib/process-owner.ts';
import { removeLeft } from '../../src/main/backup/left-behind.ts';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type BackupRig, makeRig } from './rig.ts';

const COMMAND = fileURLToPath(new URL('../../bin/yumops.js', import.meta.url));
const LONG = { timeout: 60_000, interval: 50 };
/** A drill asks it at its end, with its server there. */
const ASKS_LONG = '    smoke_queries: ["SELECT pg_sleep(600)"]\n';
let server: TestServer;
let url: string;
let rig: BackupRig;
let child: ChildProcess | undefined;

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  url = await server.createDatabase('app');
  await run(url, 'CREATE TABLE notes (id int PRIMARY KEY)', 'INSERT INTO notes SELECT generate_series(1, 100)');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  child?.kill('SIGKILL');
  await rig?.remove();
});
afterAll(() => server?.stop());

async function prepare(yaml: string): Promise<string> {
  rig = await makeRig(url, yaml);
  await mkdir(join(rig.folder, 'tmp'));
  vi.stubEnv('TMPDIR', join(rig.folder, 'tmp'));
  return rig.good();
}

/** In a process of its own. */
function drill(): ChildProcess {
  const args = ['backup', 'drill', 'nightly', '--config', rig.folder, '--data', join(rig.folder, 'data')];
  const env = { PATH: process.env.PATH, TMPDIR: join(rig.folder, 'tmp') };
  return spawn(process.execPath, [COMMAND, ...args], { env, stdio: 'ignore' });
}

async function kill(process: ChildProcess): Promise<void> {
  const exit = once(process, 'exit');
  process.kill('SIGKILL');
  await exit;
}

/** As every command about backups and the platform do at their start. */
const another = () => removeLeft({ clock: systemClock, log: createLog(systemClock, () => undefined) });

/** Folders that are recorded, and those of data that are elsewhere. */
async function places(): Promise<string[]> {
  const tmp = join(rig.folder, 'tmp');
  const records = (await readdir(tmp)).find((name) => name.startsWith('yumops-scratch-')) ?? '';
  const files = await readdir(join(tmp, records));
  const found = files.filter((name) => /^[0-9a-f]+\.json$/.test(name)).map((name) => join(tmp, records, name));
  const homes = await Promise.all(found.map(async (file) => JSON.parse(await readFile(file, 'utf8')).path as string));
  const elsewhere = await Promise.all(
    homes.map((home) =>
      readFile(join(home, 'data-location'), 'utf8').then(
        (text) => text.trim(),
        () => '',
      ),
    ),
  );
  return [...homes, ...homes.map((home) => join(home, 'data')), ...elsewhere.filter((path) => path !== '')];
}

test('the server and the folder of a killed drill are gone after the next command, and stay while it lives', async () => {
  await prepare(ASKS_LONG);
  child = drill();
  let pid = 0;
  let there: string[] = [];
  await vi.waitFor(async () => {
    there = (await places()).filter(existsSync);
    const files = there.map((place) => join(place, 'postmaster.pid')).filter(existsSync);
    const lines = (await readFile(files[0] as string, 'utf8')).split('\n');
    expect(lines[7]?.trim()).toBe('ready');
    pid = Number(lines[0]);
  }, LONG);
  await another();
  expect(there.filter(existsSync)).toEqual(there);
  const start = startOf(pid);
  expect(start).toBeDefined();
  await kill(child);
  expect(there.filter(existsSync).length).toBeGreaterThan(0);
  await another();
  expect(there.filter(existsSync)).toEqual([]);
  expect(await places()).toEqual([]);
  expect(startOf(pid)).not.toBe(start);
}, 120_000);

test('databases of killed trials on a given server are gone after the next trial, and no others', async () => {
  const id = await prepare(`    scratch_url: "${await server.createDatabase('scratch')}"\n`);
  const killed = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  await once(killed, 'spawn');
  const owner = { ...currentOwner(), pid: killed.pid as number, start: startOf(killed.pid as number) ?? '' };
  await kill(killed);
  const tags = [ownerTag(owner), ownerTag({ ...owner, machine: 'another' }), ownerTag(currentOwner())];
  for (const tag of tags) await server.createDatabase(`yumops_trial_${tag}_abc`);
  expect(await rig.verify(id, 2)).toMatchObject({ ok: true });
  const client = await open(url);
  const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname LIKE 'yumops\\_trial%'");
  expect(rows.map(({ datname }) => datname).sort()).toEqual(
    tags
      .slice(1)
      .map((tag) => `yumops_trial_${tag}_abc`)
      .sort(),
  );
  await client.end();
});
