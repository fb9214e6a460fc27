import { run, step } from './run.mjs';

const node = process.execPath;
const TYPESCRIPT = 'node_modules/typescript/bin/tsc';

/** What differs from the last commit: a part of the files for Biome, or all where its rules differ or nothing does. */
async function changedFiles() {
  const changed = await run('git', ['diff', '--name-only', '--diff-filter=d', '-z', 'HEAD']);
  const added = await run('git', ['ls-files', '--others', '--exclude-standard', '-z']);
  const files = `${changed}${added}`.split('\0').filter(Boolean);
  return files.length === 0 || files.includes('biome.json') ? ['.'] : files;
}

/**
 * Format, lint and types of the whole repository.
 * @param {{onlyChanged?: boolean}} [options] `onlyChanged` leaves out format and lint of what is as in the last commit
 */
export async function checkStatically({ onlyChanged = false } = {}) {
  await step('Format and lint', async () => {
    const files = onlyChanged ? await changedFiles() : ['.'];
    const strict = ['--error-on-warnings', '--no-errors-on-unmatched'];
    await run(node, ['node_modules/@biomejs/biome/bin/biome', 'check', ...strict, ...files]);
  });
  await step('Types', async () => {
    await run(node, [TYPESCRIPT, '-b']);
    await run(node, [TYPESCRIPT, '-p', 'packages/console']);
    await run(node, [TYPESCRIPT, '-p', 'packages/console/test']);
  });
}
