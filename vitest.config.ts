import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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

/**
 * A test is slow when it starts another program: an engine, a server process, a browser, a worker on built code; or when
 * it sets up what a process has once, such as the SDK's pipeline, which files before it may have begun to use.
 */
const NEEDS_PROCESS =
  /test\/engines|\.\/engines\.ts|node:child_process|playwright-core|start(State|Telemetry)Server|-rig\.ts|startEmbedded|new Worker\(|dist\/|\/pipeline\.ts'/;

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIP.has(entry.name) ? [] : testFiles(path);
    return /\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Looks into what a test imports as far as that is made for tests alone; the product's own code may start anything. */
function needsProcess(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  if (NEEDS_PROCESS.test(text)) return true;
  return [...text.matchAll(/from '(\.[^']+\.(?:ts|tsx|mjs))'/g)]
    .map(([, path = '']) => join(dirname(file), path))
    .some((path) => /(^|\/)test\//.test(path) && existsSync(path) && needsProcess(path, seen));
}

/** Files of more than 15 s on two idle cores, the longest first: what begins last must be short, or one worker ends alone. */
const LONG = [
  'packages/console/test/every-page.test.ts',
  'test/burst.test.ts',
  'test/yumzoom.test.ts',
  'packages/server/test/database/maintenance.test.ts',
  'packages/server/test/crash/split-roles.test.ts',
  'packages/server/test/database/findings.test.ts',
  'packages/console/test/journeys.test.ts',
  'packages/server/test/platform.test.ts',
  'packages/server/test/database/lints.test.ts',
  'packages/server/test/backup/faults.test.ts',
  'packages/server/test/crash/ingest.test.ts',
  'test/yumzoom-attacks.test.ts',
  'packages/server/test/acceptance/alert-timelines.test.ts',
  'packages/server/test/database/regressions.test.ts',
  'packages/server/test/backup/offsite.test.ts',
  'packages/server/test/backup/restore-self.test.ts',
  'packages/server/test/database/must-show.test.ts',
  'packages/server/test/uptime/journey.test.ts',
  'packages/server/test/backup/physical-kills.test.ts',
  'packages/server/src/config/scenario.test.ts',
  'packages/server/test/security/detections.test.ts',
  'packages/server/test/database/install.test.ts',
  'packages/server/test/backup/logical.test.ts',
  'packages/server/test/uptime/sharing.test.ts',
  'packages/server/test/access/permissions.test.ts',
  'packages/server/test/access/secret-rotation.test.ts',
];

/** Vitest knows how long a file takes once it ran here; a first run has only the sizes of the files. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((file) => moduleId.endsWith(`/${file}`));
      return place < 0 ? LONG.length : place;
    };
    const order = ({ project }: TestSpecification) => (project.name === 'fast' ? 0 : 1);
    return (await super.sort(files)).sort((a, b) => order(a) - order(b) || rank(a) - rank(b));
  }
}

const all = FOLDERS.flatMap(testFiles);
const slow = all.filter((file) => needsProcess(file));
const fast = all.filter((file) => !slow.includes(file));

const shared = {
  ...{ pool: 'forks' as const, testTimeout: 90_000, hookTimeout: 90_000, restoreMocks: true, unstubEnvs: true },
  // What a test waits for may take its time on a busy machine; the default is one second.
  expect: { poll: { timeout: 25_000, interval: 20 } },
};

export default defineConfig({
  test: {
    // On two cores: slow tests wait for about a quarter of their time, for timers, disks and answers.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      // A process of its own for each of these would cost as much as what they test.
      { test: { ...shared, name: 'fast', include: fast, isolate: false } },
      { test: { ...shared, name: 'slow', include: slow, globalSetup: ['./scripts/vitest-build.mjs'] } },
    ],
  },
});
