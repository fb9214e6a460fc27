import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './root.mjs';
import { run, step } from './run.mjs';

/** Names under which packages of the workspace are imported, with their folders. */
const OWN = { yumops: 'server' };

/**
 * Builds the server of an earlier commit in a folder of its own, with the packages that are installed here.
 * @param ref commit, tag or branch
 * @returns the path of its program
 */
export async function buildEarlier(ref, folder) {
  await step(`Building the server of ${ref}`, async () => {
    await mkdir(folder, { recursive: true });
    const archive = join(folder, 'source.tar');
    await run('git', ['archive', '--output', archive, ref]);
    await run('tar', ['-xf', archive, '-C', folder]);
    await linkPackages(folder);
    const typescript = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [typescript, '-b', join(folder, 'packages', 'server')]);
    const pages = join(root, 'packages', 'server', 'public');
    if (existsSync(pages)) await cp(pages, join(folder, 'packages', 'server', 'public'), { recursive: true });
  });
  return join(folder, 'packages', 'server', 'dist', 'cli', 'bin.js');
}

async function linkPackages(folder) {
  const own = join(folder, 'node_modules');
  await mkdir(join(own, '@yumops'), { recursive: true });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === '@yumops' || name in OWN) continue;
    await symlink(join(root, 'node_modules', name), join(own, name));
  }
  for (const name of await readdir(join(folder, 'packages'))) {
    await symlink(join(folder, 'packages', name), join(own, '@yumops', name));
    const nested = join(root, 'packages', name, 'node_modules');
    if (existsSync(nested)) await symlink(nested, join(folder, 'packages', name, 'node_modules'));
  }
  for (const [name, its] of Object.entries(OWN)) await symlink(join(folder, 'packages', its), join(own, name));
}
