import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeOld } from '../scripts/lib/command-bundle.mjs';

const HOUR_MS = 3_600_000;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-bundle-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param seconds since the epoch */
function put(path: string, content: string, seconds: number): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
  utimesSync(join(folder, path), seconds, seconds);
}

test('what a build replaces stays for a day from then, however old it is', () => {
  const now = Date.now();
  const build = (name: string, at: number) => {
    put(name, '', at / 1_000);
    removeOld(folder, new Set([name]), at);
    return readdirSync(folder).filter((file) => file.endsWith('.js'));
  };
  build('a.js', now - 240 * HOUR_MS);
  expect(build('b.js', now)).toEqual(['a.js', 'b.js']);
  expect(build('c.js', now + 23 * HOUR_MS)).toEqual(['a.js', 'b.js', 'c.js']);
  expect(build('d.js', now + 25 * HOUR_MS)).toEqual(['b.js', 'c.js', 'd.js']);
});

const MODULES = 'server/dist/cli/bin.js';
const BUNDLE = 'server/dist/bundle/bin.js';

test.each([
  ['the bundle', { [MODULES]: 10, 'server/dist/.tsbuildinfo': 11, [BUNDLE]: 12 }, 'bundle'],
  ['modules that are newer', { [MODULES]: 10, [BUNDLE]: 12, 'server/dist/.tsbuildinfo': 13 }, 'modules'],
  [
    'modules of the protocol that are newer',
    { [MODULES]: 10, [BUNDLE]: 12, 'protocol/dist/.tsbuildinfo': 13 },
    'modules',
  ],
  ['the modules where there is no bundle', { [MODULES]: 10 }, 'modules'],
  ['what has the time zero, as in some images', { [MODULES]: 0, 'server/dist/.tsbuildinfo': 0, [BUNDLE]: 0 }, 'bundle'],
])('the command runs %s', (_, files, says) => {
  for (const [path, seconds] of Object.entries(files)) {
    put(path, `console.log('${path === BUNDLE ? 'bundle' : 'modules'}')`, seconds);
  }
  put('server/package.json', '{"type": "module"}', 1);
  mkdirSync(join(folder, 'server/bin'));
  const bin = join(folder, 'server/bin/yumops.js');
  copyFileSync(join(import.meta.dirname, '../packages/server/bin/yumops.js'), bin);
  expect(execFileSync(process.execPath, [bin], { encoding: 'utf8' }).trim()).toBe(says);
});
