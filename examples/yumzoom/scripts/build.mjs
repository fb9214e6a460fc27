// Builds the site, unless nothing that it is made of has changed since the last time.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whileLocked } from './runner/build-lock.mjs';

const APP = fileURLToPath(new URL('..', import.meta.url));
const STAMP = join(APP, '.next', 'yumzoom-build');
const SOURCES = [
  'app',
  'components',
  'lib',
  'instrumentation.ts',
  'proxy.ts',
  'next.config.ts',
  'tsconfig.json',
  'package.json',
];
const requireFrom = createRequire(import.meta.url);

await whileLocked(join(APP, '.build-lock'), async () => {
  const stamp = await fingerprint();
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === stamp) {
    console.log('yumzoom: built already');
    return;
  }
  console.log('yumzoom: building');
  await build();
  await keepMaps();
  await writeFile(STAMP, stamp);
  console.log('yumzoom: built');
});

/** Hash of every source file, of the SDK that the site uses, and of the version of Next.js. */
async function fingerprint() {
  const hash = createHash('sha256');
  hash.update(requireFrom('next/package.json').version);
  const sdk = dirname(requireFrom.resolve('@yumops/node/package.json'));
  for (const source of [...SOURCES.map((name) => join(APP, name)), join(sdk, 'lib', 'cjs', 'types')]) {
    for (const file of await filesBelow(source)) hash.update(file).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesBelow(path) {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined;
    if (error.code === 'ENOENT')
      throw new Error(`${path} is missing: run "npm run build" at the repository's root first`);
    throw error;
  });
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Takes the maps out of what is served: nobody but YumOps gets them. `.next/source-maps` holds them with their scripts,
 * for `yumops sourcemaps upload`.
 */
async function keepMaps() {
  const next = join(APP, '.next');
  const kept = join(next, 'source-maps');
  await rm(kept, { recursive: true, force: true });
  for (const file of await filesBelow(join(next, 'static'))) {
    const place = join(kept, '_next', relative(next, file));
    if (!/\.js(?:\.map)?$/.test(file)) continue;
    await mkdir(dirname(place), { recursive: true });
    await (file.endsWith('.map') ? rename(file, place) : copyFile(file, place));
  }
}

function build() {
  const next = join(dirname(requireFrom.resolve('next/package.json')), 'dist', 'bin', 'next');
  const child = spawn(process.execPath, [next, 'build', APP], {
    cwd: APP,
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`next build ended with ${signal ?? code}`));
    });
  });
}
