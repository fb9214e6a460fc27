import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildConsole, buildExample, buildPackages } from './lib/build-steps.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { reportFailure } from './lib/report-failure.mjs';
import { root } from './lib/root.mjs';
import { run } from './lib/run.mjs';
import { checkStatically } from './lib/static-checks.mjs';
import { ensureSystemPackages } from './lib/system-packages.mjs';

/** What the suite should take on two idle cores, and when it counts as hung. */
const GOAL_MINUTES = 18;
const LIMIT_MINUTES = 40;
const node = process.execPath;

/**
 * Prints the slowest test files and the totals. The last line is for machines. An error outside of every test, such as
 * a rejection that nobody handled, ends Vitest badly too and counts as one failure.
 */
function summarise(reportFile, started, endedWell) {
  const report = JSON.parse(readFileSync(reportFile, 'utf8'));
  const files = report.testResults
    .map((file) => ({ name: relative(root, file.name), seconds: (file.endTime - file.startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds);
  console.log('\nSlowest test files');
  for (const { name, seconds } of files.slice(0, 10)) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = Math.max(report.numFailedTests + brokenFiles.length, endedWell ? 0 : 1);
  const minutes = (performance.now() - started) / 60_000;
  console.log(`\n${minutes.toFixed(1)} min`);
  const late = minutes > LIMIT_MINUTES;
  if (minutes > GOAL_MINUTES) console.log(`Over the goal of ${GOAL_MINUTES} min; the limit is ${LIMIT_MINUTES}.`);
  console.log(`${report.numPassedTests} passed, ${failed} failed`);
  return failed === 0 && !late && report.numPassedTests > 0;
}

try {
  await ensureInstalled();
  await ensureSystemPackages();
  await buildPackages();
  await buildConsole();
  await buildExample();
  await checkStatically();
} catch (error) {
  reportFailure(error);
}

const started = performance.now();
const reportFile = join(mkdtempSync(join(tmpdir(), 'yumops-test-')), 'report.json');
const args = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportFile}`,
];
const endedWell = await run(node, [...args, ...process.argv.slice(2)], { show: true }).then(
  () => true,
  () => false,
);
process.exitCode = summarise(reportFile, started, endedWell) ? 0 : 1;
