import { ensureInstalled } from './lib/install.mjs';
import { reportFailure } from './lib/report-failure.mjs';
import { run, step } from './lib/run.mjs';

const node = process.execPath;

try {
  await ensureInstalled();
  await step('Format and lint', () =>
    run(node, ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']),
  );
  await step('Types', async () => {
    await run(node, ['node_modules/typescript/bin/tsc', '-b']);
    await run(node, ['node_modules/typescript/bin/tsc', '-p', 'packages/console']);
    await run(node, ['node_modules/typescript/bin/tsc', '-p', 'packages/console/test']);
  });
  await step('Fast tests', () => run(node, ['node_modules/vitest/vitest.mjs', 'run', '--project', 'fast']));
} catch (error) {
  reportFailure(error);
}
