import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readSettings } from '../../config/settings.ts';
import { configurationPath, runningFindings } from '../running-findings.ts';
import { withBackups } from './open.ts';

test('with a platform that runs and does not answer, backups of the working folder can be worked with', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-backup-open-'));
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const run = { pid: process.pid, url: `http://127.0.0.1:${port}`, token: 't' };
  await writeFile(join(folder, 'run.json'), JSON.stringify(run));
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  try {
    const settings = readSettings({ data: folder });
    const unreachable = { code: 'platform_unreachable', message: expect.stringContaining('does not answer') };
    await expect(runningFindings(settings, 50)).rejects.toMatchObject(unreachable);
    // The same for every command that reads the configuration: db, oncall, replay.
    expect(await configurationPath(settings, 50)).toBeUndefined();
    expect(said.mock.calls.join('')).toContain('The platform does not say which configuration it uses');
    said.mockClear();
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
    expect(await withBackups({ data: folder }, async ({ configs }) => configs.map(({ name }) => name))).toEqual([]);
    expect(said.mock.calls.join('')).toContain('The platform does not say which configuration it uses');
  } finally {
    silent.close();
    await rm(folder, { recursive: true, force: true });
  }
});
