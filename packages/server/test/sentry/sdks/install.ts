import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const HERE = import.meta.dirname;

/**
 * Installs the pinned SDKs once on this machine: they are half a gigabyte, which an installation of this repository
 * must not pay for. @param set folder beside this file with their package.json. @returns the folder whose `node_modules` has them
 */
export async function installSdks(set = '.'): Promise<string> {
  const from = join(HERE, set);
  const lock = await readFile(join(from, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `yumops-test-sdks-${process.getuid?.() ?? 0}-${hash}`);
  if (existsSync(folder)) return folder;
  const building = await mkdtemp(`${folder}-`);
  for (const file of ['package.json', 'package-lock.json']) await copyFile(join(from, file), join(building, file));
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await promisify(execFile)('npm', args, { cwd: building });
  // Another test file may have been faster.
  await rename(building, folder).catch(() => rm(building, { recursive: true, force: true }));
  return folder;
}
