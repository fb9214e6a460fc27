import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { check } from './check.ts';

let folder: string;
let output: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-check-'));
  output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text;
    return true;
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(text: string, ...args: string[]): Promise<unknown> {
  const file = join(folder, 'yumops.yml');
  writeFileSync(file, text);
  const { result } = await runCommand(check, { rawArgs: [file, ...args] });
  output = output.replaceAll(`${folder}/`, '');
  return result;
}

test('a good file: exit 0 and one line', async () => {
  expect(await run('service: yumzoom\n')).toBe(0);
  expect(output).toBe('No problems in 1 file.\n');
});

test('notes alone are no problem', async () => {
  expect(await run('receivers: []\n')).toBe(0);
  expect(output).toContain('1 note in 1 file.');
});

test('errors and warnings: exit 1, a line each and a count', async () => {
  expect(await run('servce: a\ngrouping: {group_interval: 1s}\n')).toBe(1);
  expect(output).toBe(
    [
      'yumops.yml:1:1 E101 unknown key "servce" — did you mean "service"?',
      'yumops.yml:2:28 W213 a group interval under 10 s makes a storm of messages when an alert flaps — write 10s or more',
      '',
      '1 error, 1 warning in 1 file.',
      '',
    ].join('\n'),
  );
});

test('--json: one document with every finding', async () => {
  expect(await run('servce: a\n', '--json')).toBe(1);
  expect(JSON.parse(output)).toEqual({
    findings: [
      {
        file: 'yumops.yml',
        line: 1,
        col: 1,
        code: 'E101',
        severity: 'error',
        message: 'unknown key "servce"',
        suggestion: 'did you mean "service"?',
      },
    ],
  });
});

test('a path that does not exist is wrong use', async () => {
  await expect(runCommand(check, { rawArgs: [join(folder, 'nowhere')] })).rejects.toMatchObject({ code: 'wrong_use' });
});
