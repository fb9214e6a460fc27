import { run, step } from './run.mjs';

const node = process.execPath;
const TYPESCRIPT = 'node_modules/typescript/bin/tsc';

/** Format, lint and types of the whole repository. */
export async function checkStatically() {
  await step('Format and lint', () =>
    run(node, ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']),
  );
  await step('Types', async () => {
    await run(node, [TYPESCRIPT, '-b']);
    await run(node, [TYPESCRIPT, '-p', 'packages/console']);
    await run(node, [TYPESCRIPT, '-p', 'packages/console/test']);
  });
}
