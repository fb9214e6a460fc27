import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { makeRig } from './rig.ts';

const COMMAND = fileURLToPath(new URL('../../bin/yumops.js', import.meta.url));
const PASSWORD = 'se:cr\\et';
const LONG = { timeout: 30_000, interval: 20 };
let server: TestServer;
let folder: string;
let url: string;
let proxy: Server | undefined;

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  const made = new URL(await server.createDatabase('app'));
  await run(made.href, `CREATE ROLE cook SUPERUSER LOGIN PASSWORD '${PASSWORD}'`);
  url = Object.assign(made, { username: 'cook', password: encodeURIComponent(PASSWORD) }).href;
  folder = await mkdtemp(join(tmpdir(), 'yumops-passwords-'));
});
afterAll(async () => {
  proxy?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The server behind an address that answers its first two connections alone: that of the snapshot, and that which counts rows. */
async function behindProxy(): Promise<{ url: string; held: Socket[] }> {
  const held: Socket[] = [];
  let connections = 0;
  proxy = createServer((socket) => {
    socket.on('error', () => undefined);
    if (connections++ > 1) {
      held.push(socket);
      return;
    }
    const target = connect(Number(new URL(url).port), '127.0.0.1');
    target.on('error', () => undefined);
    socket.pipe(target).pipe(socket);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  return { url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href, held };
}

/** The running `pg_dump` of a process. */
async function dumpOf(pid: number): Promise<string> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  for (const child of children) {
    if ((await readFile(`/proc/${child}/cmdline`, 'utf8')).includes('--snapshot=')) return child;
  }
  throw new Error('no pg_dump yet');
}

test('a backup that is killed while pg_dump connects leaves its password in no file', async () => {
  const { url: address, held } = await behindProxy();
  const rig = await makeRig(address);
  const temporary = join(folder, 'tmp');
  // The first was left by one that was killed; the second may still be needed.
  for (const name of ['old', 'young']) await mkdir(join(temporary, `yumops-client-${name}`), { recursive: true });
  for (const name of ['old', 'young']) await mkdir(join(temporary, `yumops-contents-${name}`));
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  for (const [name, hours] of [
    ['client-old', 1] as const,
    ['contents-young', 23] as const,
    ['contents-old', 25] as const,
  ]) {
    await utimes(join(temporary, `yumops-${name}`), hoursAgo(hours), hoursAgo(hours));
  }
  const args = [COMMAND, 'backup', 'now', 'nightly', '--config', rig.folder, '--data', join(rig.folder, 'data')];
  const env = { PATH: process.env.PATH, TMPDIR: temporary };
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  const exit = once(child, 'exit');
  const dump = await vi.waitFor(() => dumpOf(child.pid as number), LONG);
  await vi.waitFor(() => expect(held).toHaveLength(1), LONG);
  const environment = (await readFile(`/proc/${dump}/environ`, 'utf8')).split('\0');
  expect(environment).toContain('PGPASSFILE=/proc/self/fd/3');
  expect(environment.join(' ') + (await readFile(`/proc/${dump}/cmdline`, 'utf8'))).not.toContain('se:cr');
  expect(await readFile(`/proc/${dump}/fd/3`, 'utf8')).toBe('*:*:*:*:se\\:cr\\\\et\n');
  child.kill('SIGKILL');
  await exit;
  const left = (await readdir(temporary)).filter((name) => !name.startsWith('yumops-scratch-'));
  expect(left.sort()).toEqual(['yumops-client-young', 'yumops-contents-young']);
  for (const socket of held) socket.destroy();
  await rig.remove();
});

test('the program finds the password there', async () => {
  const rig = await makeRig(url);
  const id = await rig.good();
  const target = Object.assign(new URL(url), { pathname: '/copy' }).href;
  expect(await rig.restore(id, target)).toMatchObject({ database: 'copy' });
  await rig.remove();
});
