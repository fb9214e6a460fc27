import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './lib/root.mjs';

/** Child processes and workers run the built code, so it is brought up to date; `npm run check` judges its types. */
export function setup() {
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: root, stdio: 'ignore' });
}
