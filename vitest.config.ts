import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitest/config';

const FOLDERS = [
  'packages/node',
  'packages/browser',
  'packages/protocol',
  'packages/server',
  'packages/console',
  'test',
  'scripts',
];
const SKIP = new Set(['node_modules', 'dist', 'public', '.next']);

/** A test is slow when it starts another program: an engine, a server process, a browser, a worker on built code. */
const STARTS_PROGRAMS =
  /test\/engines|\.\/engines\.ts|node:child_process|playwright-core|start(State|Telemetry)Server|-rig\.ts|startEmbedded|new Worker\(|dist\//;

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIP.has(entry.name) ? [] : testFiles(path);
    return /\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Looks into what a test imports as far as that is made for tests alone; the product's own code may start anything. */
function startsPrograms(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  if (STARTS_PROGRAMS.test(text)) return true;
  return [...text.matchAll(/from '(\.[^']+\.(?:ts|tsx|mjs))'/g)]
    .map(([, path = '']) => join(dirname(file), path))
    .some((path) => /(^|\/)test\//.test(path) && existsSync(path) && startsPrograms(path, seen));
}

const all = FOLDERS.flatMap(testFiles);
const slow = all.filter((file) => startsPrograms(file));
const fast = all.filter((file) => !slow.includes(file));

const shared = {
  ...{ pool: 'forks' as const, testTimeout: 90_000, hookTimeout: 60_000, restoreMocks: true },
  // What a test waits for may take its time on a busy machine; the default is one second.
  expect: { poll: { timeout: 25_000, interval: 20 } },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: 'fast', include: fast } },
      { test: { ...shared, name: 'slow', include: slow, globalSetup: ['./scripts/vitest-build.mjs'] } },
    ],
  },
});
