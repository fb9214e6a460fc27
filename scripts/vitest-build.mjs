import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommand, buildConsole, buildSdks } from './lib/build-steps.mjs';
import { root } from './lib/root.mjs';

/**
 * Child processes, workers and browsers run the built code, so it is brought up to date once for all test files;
 * `npm run check` judges its types.
 */
export async function setup() {
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: root, stdio: 'ignore' });
  await buildCommand();
  await buildSdks();
  await buildConsole();
}

/** As root, engines in folders that only root may enter keep their data elsewhere; those of folders that are gone go too. */
export async function teardown() {
  const { abandonedData } = await import(join(root, 'packages/server/dist/engines/moved-data.js'));
  for (const { path, home } of await abandonedData()) {
    if (!home.startsWith(`${tmpdir()}/`)) continue;
    for (const part of [path, `${path}-lib`, `${path}.home`]) await rm(part, { recursive: true, force: true });
  }
}
