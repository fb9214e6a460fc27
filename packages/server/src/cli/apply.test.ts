import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeRunFile } from '../main/run-file.ts';
import { apply } from './apply.ts';
import { plan } from './plan.ts';

let folder: string;
let output: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-apply-'));
  output = '';
  for (const name of ['data', 'used/monitoring', 'new/monitoring']) mkdirSync(join(folder, name), { recursive: true });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text;
    return true;
  });
  write('used/yumops.yml', 'service: shop\n');
  write('used/monitoring/old.yml', 'monitors: [{name: Old, url: "https://old.example"}]\n');
  write('new/yumops.yml', 'service: store\nintegrations: {slack: {bot_token: "file:slack.token"}}\n');
  write('new/monitoring/sites.yml', 'monitors: [{name: New, url: "https://new.example"}]\n');
  write('new/slack.token', 'xoxb-1', 0o600);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string, mode = 0o644): void {
  writeFileSync(join(folder, name), text, { mode });
}

async function run(command: typeof plan | typeof apply, ...more: string[]) {
  output = '';
  const where = ['--config', join(folder, 'used'), '--data', join(folder, 'data')];
  const { result } = await runCommand(command, { rawArgs: [join(folder, 'new'), ...where, ...more] });
  output = output.replaceAll(`${folder}/`, '');
  return result;
}

test('a plan says what would change, and changes nothing', async () => {
  expect(await run(plan)).toBe(0);
  expect(output).toBe(
    [
      '~ service',
      '    service: shop → store',
      '+ integrations  slack',
      '+ monitors      New',
      '- monitors      Old',
      '+ secret file   slack.token',
      '',
      '3 to add, 1 to change, 1 to remove, against used.',
      '',
    ].join('\n'),
  );
  expect(readFileSync(join(folder, 'used/yumops.yml'), 'utf8')).toBe('service: shop\n');
});

test('a new configuration takes the place of the one in use, which is kept', async () => {
  expect(await run(apply, '--json')).toBe(0);
  expect(JSON.parse(output)).toMatchObject({ applied: true, kept: 'data/configuration-before' });
  expect(readFileSync(join(folder, 'used/yumops.yml'), 'utf8')).toContain('service: store');
  expect(statSync(join(folder, 'used/slack.token')).mode & 0o777).toBe(0o600);
  expect(existsSync(join(folder, 'used/monitoring/old.yml'))).toBe(false);
  expect(readFileSync(join(folder, 'data/configuration-before/monitoring/old.yml'), 'utf8')).toContain('Old');
  expect(await run(plan, '--json')).toBe(0);
  expect(JSON.parse(output).changes).toEqual([]);
});

test('a secret that changed in its file is a change, and is written', async () => {
  expect(await run(apply)).toBe(0);
  write('new/slack.token', 'xoxb-2', 0o600);
  expect(await run(plan)).toBe(0);
  expect(output).toContain('~ secret file  slack.token\n');
  expect(await run(apply)).toBe(0);
  expect(readFileSync(join(folder, 'used/slack.token'), 'utf8')).toBe('xoxb-2');
  expect(output).not.toContain('xoxb');
});

test('a platform that reads another file is not left without one', async () => {
  renameSync(join(folder, 'used/yumops.yml'), join(folder, 'used/production.yml'));
  output = '';
  const where = ['--config', join(folder, 'used/production.yml'), '--data', join(folder, 'data')];
  const applied = runCommand(apply, { rawArgs: [join(folder, 'new'), ...where] });
  await expect(applied).rejects.toMatchObject({ code: 'other_name' });
  expect(readFileSync(join(folder, 'used/production.yml'), 'utf8')).toBe('service: shop\n');
});

test('files that are gone are written anew', async () => {
  expect(await run(apply)).toBe(0);
  rmSync(join(folder, 'used/slack.token'));
  expect(await run(apply)).toBe(0);
  expect(readFileSync(join(folder, 'used/slack.token'), 'utf8')).toBe('xoxb-1');
});

describe('with a running platform', () => {
  let server: Server;
  let report: { refusal: string | null; loadedAt: string };
  let asked: number;
  beforeEach(async () => {
    asked = 0;
    report = { refusal: 'yumops.yml:1:1 E101 unknown key', loadedAt: '2026-11-30T10:00:00.000Z' };
    const files = [join(folder, 'used/yumops.yml'), join(folder, 'used/monitoring/old.yml')];
    server = createServer((_, response) => {
      asked += 1;
      // It looks at its files again after a while.
      if (asked === 5) report = { refusal: null, loadedAt: '2026-11-30T10:00:09.000Z' };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ root: join(folder, 'used'), files, findings: [], ...report }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await writeRunFile(join(folder, 'data'), { pid: process.pid, url: `http://127.0.0.1:${port}`, token: 'admin' });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('what it refused before does not speak against what is written in its place', async () => {
    expect(await run(apply)).toBe(0);
    expect(output).toContain('The platform uses it.');
    expect(asked).toBeGreaterThanOrEqual(5);
  });
});

test('what is refused is not written', async () => {
  write('new/monitoring/sites.yml', 'monitrs: []\n');
  expect(await run(apply)).toBe(1);
  expect(output).toContain('E101 unknown key "monitrs"');
  expect(output).toContain('The new configuration is refused: nothing would change.');
  expect(readFileSync(join(folder, 'used/yumops.yml'), 'utf8')).toBe('service: shop\n');
  expect(existsSync(join(folder, 'used/monitoring/sites.yml'))).toBe(false);
});

test('a file that lies elsewhere is named, and nothing is written', async () => {
  write('elsewhere.yml', 'people: []\n');
  write('new/yumops.yml', `service: store\ninclude: ["${folder}/elsewhere.yml"]\n`);
  await expect(run(apply)).rejects.toMatchObject({ code: 'file_outside' });
  expect(readFileSync(join(folder, 'used/yumops.yml'), 'utf8')).toBe('service: shop\n');
});
