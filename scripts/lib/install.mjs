import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';
import { run, step } from './run.mjs';

const MINIMUM = [20, 19];

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  console.error(`YumOps needs Node ${MINIMUM.join('.')} or newer; this is ${process.version}.`);
  console.error('Install a current Node from https://nodejs.org and run the command again.');
  process.exit(2);
}

/** Installs the packages when they are missing or older than the lockfile. No install script is run. */
export async function ensureInstalled() {
  refuseOldNode();
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs - 1000) return;
  await step('Installing packages', () =>
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
  );
}
