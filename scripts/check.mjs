import { ensureInstalled } from './lib/install.mjs';
import { reportFailure } from './lib/report-failure.mjs';
import { run, step } from './lib/run.mjs';
import { checkStatically } from './lib/static-checks.mjs';

const node = process.execPath;
/** Without `--all` only changed files are linted, and only the fast tests that an uncommitted change can reach are run. */
const onlyChanged = !process.argv.includes('--all');
const changed = onlyChanged ? ['--changed', '--passWithNoTests'] : [];

try {
  await ensureInstalled();
  await checkStatically({ onlyChanged });
  await step('Fast tests', () => run(node, ['node_modules/vitest/vitest.mjs', 'run', '--project', 'fast', ...changed]));
} catch (error) {
  reportFailure(error);
}
