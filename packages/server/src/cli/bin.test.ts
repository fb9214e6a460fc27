import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/yumops.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'yumops-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command as installed, in an empty folder and without settings of the tester. */
function yumops(...args: string[]) {
  return yumopsWith({}, ...args);
}

function yumopsWith(env: NodeJS.ProcessEnv, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const wrong: [args: string[], said: string][] = [
  [['nonsense'], 'There is no command "nonsense".'],
  [['logs', '--bogus'], 'yumops logs has no option --bogus.'],
  [['logs', 'level:error', 'timeout'], 'yumops logs does not take "timeout".'],
  [['doctor', 'now'], 'yumops doctor does not take "now".'],
  [['logs', '--limit', '5000'], '--limit "5000" is not a number from 1 to 1000.'],
  [['logs', '--since', 'banana'], '"banana" is neither a duration nor a time.'],
  [['security', 'blocks'], 'yumops security blocks needs one of: list, add, remove.'],
  [['security', 'blocks', 'list', 'all'], 'yumops security blocks list does not take "all".'],
  [['monitors', '--port', 'abc'], '"abc" is not a port.'],
];

test.each(wrong)('%j is wrong use', (args, said) => {
  const { status, stderr } = yumops(...args);
  expect(stderr).toContain(said);
  expect(status).toBe(2);
});

const texts: string[][] = [
  ['logs', '-level:info'],
  ['logs', '-"a phrase"'],
  ['query', '-- a comment\nSELECT 1'],
];

test.each(texts)('%s takes %j as text, and does not make a data folder', (...args) => {
  const { status, stdout } = yumops(...args, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'no_data_folder' } });
  expect(status).toBe(1);
  expect(existsSync(join(folder, '.yumops'))).toBe(false);
});

test('scaling check judges a file although a token is preset and no platform answers', () => {
  writeFileSync(join(folder, 'vercel.json'), '{"functions": {"api/a.js": {"memory": 99999}}}');
  const env = { YUMOPS_ADMIN_TOKEN: 'a preset token of length', YUMOPS_PORT: '1' };
  const { status, stdout, stderr } = yumopsWith(env, 'scaling', 'check');
  expect(stderr).toBe('');
  expect(stdout).toContain('No platform runs here: nothing was compared with the request log.');
  expect(stdout).toContain('99999');
  expect(status).toBe(1);
});

const sayModules = new URL('../../test/support/say-modules.mjs', import.meta.url).href;

/** The files of modules that a command loads, as the loader is asked for them. */
function modulesOf(...args: string[]): string[] {
  const { stderr } = yumopsWith({ NODE_OPTIONS: `--import ${sayModules}` }, ...args);
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('module '))
    .slice(1);
}

// Each module costs a good half of a millisecond; before they were joined, a command about backups loaded 776.
test.each([
  [['--version'], 8],
  [['--help'], 8],
  [['logs', '--help'], 20],
  [['status'], 25],
  [['backup', 'list'], 160],
  [['check'], 150],
])('%j loads no more modules than it needs', (args, most) => {
  const modules = modulesOf(...args);
  expect(modules.length).toBeGreaterThan(1);
  expect(modules.length, modules.join('\n')).toBeLessThanOrEqual(most);
  expect(modules.filter((path) => /\/(nodemailer|jsonata|fastify|better-auth|@aws-sdk)\//.test(path))).toEqual([]);
});

test('an error of our own is told with the lines of the sources', () => {
  const broken = 'process.stdout.write = () => { throw new TypeError("broken pipe"); };';
  const preload = `--import data:text/javascript,${encodeURIComponent(broken)}`;
  const { stderr, status } = yumopsWith({ NODE_OPTIONS: preload }, '--version');
  expect(stderr).toContain('TypeError: broken pipe');
  expect(stderr).toMatch(/at main \(.*packages\/server\/src\/cli\/bin\.ts:\d+:\d+\)/);
  expect(status).toBe(1);
});

test.each([
  [['silence', 'add', 'alertname=x', '--json'], 'See `yumops silence --help`.'],
  [['token', 'create', '--name', 'x', '--role', 'nobody', '--json'], 'See `yumops token --help`.'],
  [['simulate', '/nowhere.yml', '--json'], 'docs/guide/rule-tests.md'],
])('%j says what to do next', (args, hint) => {
  const { stdout } = yumops(...args);
  expect(JSON.parse(stdout).error.hint).toContain(hint);
});
