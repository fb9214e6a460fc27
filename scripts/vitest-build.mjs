import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './lib/root.mjs';

/** Child processes and workers run the built code, so it is brought up to date; `npm run check` judges its types. */
export function setup() {
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: root, stdio: 'ignore' });
}

/** As root, engines in folders that only root may enter keep their data elsewhere; those of folders that are gone go too. */
export async function teardown() {
  const { abandonedData } = await import(join(root, 'packages/server/dist/engines/moved-data.js'));
  for (const { path, home } of await abandonedData()) {
    if (!home.startsWith(`${tmpdir()}/`)) continue;
    for (const part of [path, `${path}-lib`, `${path}.home`]) await rm(part, { recursive: true, force: true });
  }
}
