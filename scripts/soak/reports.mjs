import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../lib/root.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    fortnights: { type: 'string', default: '100' },
  },
});
// The test prints its seed.
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'packages/server/test/reports/many-fortnights.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SOAK_FORTNIGHTS: values.fortnights, SOAK_SEED: values.seed } },
);
process.exit(status ?? 1);
