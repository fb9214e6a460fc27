import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

const all = FOLDERS.flatMap(testFiles);
const slow = all.filter((file) => STARTS_PROGRAMS.test(readFileSync(file, 'utf8')));
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
