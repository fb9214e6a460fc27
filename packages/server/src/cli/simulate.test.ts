import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/yumops.js', import.meta.url));
const scenarios = fileURLToPath(new URL('../../../../testdata/scenarios/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'yumops-simulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function yumops(...args: string[]) {
  const options = { cwd: folder, env: { PATH: process.env.PATH }, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, [bin, ...args], options);
}

test('a scenario that is as expected: 0, and one JSON document', () => {
  const file = `${scenarios}x3-killed-in-the-wait-of-its-group.scenario.yml`;
  const { status, stdout } = yumops('simulate', file, '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    notifications: [{ t: 20, channel: 'slack', target: '#ops', kind: 'firing', attempt: 1, answer: 200 }],
    failures: [],
  });
  expect(yumops('simulate', file).stdout).toContain('20    slack #ops: firing Load');
});

test('one that is not: 1, with the reason; one that cannot run: 1, with the place', () => {
  const expectation = 'expect: [{at: 5, channel: sms}]';
  writeFileSync(join(folder, 'fails.scenario.yml'), `scenario: fails\nduration: 10\n${expectation}\n`);
  writeFileSync(join(folder, 'wrong.scenario.yml'), 'scenario: wrong\nduration: 10\nexpects: []\n');
  expect(yumops('simulate', 'fails.scenario.yml')).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('expected at 5 s sms; nothing like it came'),
  });
  expect(yumops('simulate', 'wrong.scenario.yml')).toMatchObject({
    status: 1,
    stdout: 'wrong.scenario.yml:3:1 E101 unknown key "expects" — did you mean "expect"?\n',
  });
  expect(JSON.parse(yumops('simulate', 'wrong.scenario.yml', '--json').stdout)).toMatchObject({
    error: { code: 'scenario_refused' },
    findings: [{ line: 3, code: 'E101' }],
  });
  const { status, stdout } = yumops('test', '.');
  expect(stdout).toMatch(/FAILED {2}fails.*\n.*nothing like it came\nFAILED {2}wrong.*\n.*\n0 passed, 2 failed\n$/);
  expect(status).toBe(1);
});
