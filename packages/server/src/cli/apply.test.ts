import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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
      '',
      '2 to add, 1 to change, 1 to remove, against used.',
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
