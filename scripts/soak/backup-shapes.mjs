// What a backup in several jobs restores of every shape of tables: into a new database, an empty one and one of PostgreSQL 18,
// and each of its oddly named tables alone. The tests restore into a new database, and one table.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../lib/root.mjs';

const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'packages/server/test/backup/jobs-shapes.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SOAK_SHAPES: 'all' } },
);
process.exit(status ?? 1);
