import { statSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCommand } from './command-bundle.mjs';
import { root } from './root.mjs';
import { run, step } from './run.mjs';
import { whenChanged } from './stamp.mjs';

const node = process.execPath;
const TYPESCRIPT = 'node_modules/typescript/bin/tsc';

/** Compiles protocol, SDK and server. TypeScript itself skips what has not changed. */
export async function buildPackages() {
  await whenChanged(
    'packages',
    ['tsconfig.base.json', 'packages/protocol', 'packages/node/src', 'packages/browser/src', 'packages/server/src'],
    'packages/server/dist/cli/bin.js',
    () =>
      step('Compiling the packages', async () => {
        await run(node, [TYPESCRIPT, '-b', 'packages/node', 'packages/browser', 'packages/server']);
      }),
  );
  await buildCommand();
  await buildSdks();
}

const BUNDLE_MADE_FROM = [
  'packages/server/dist/.tsbuildinfo',
  'packages/protocol/dist/.tsbuildinfo',
  'scripts/lib/command-bundle.mjs',
  'package-lock.json',
];

/** Joins what is compiled of the server into the files that the command runs. */
export async function buildCommand() {
  const since = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...BUNDLE_MADE_FROM.map(since));
  if (since('packages/server/dist/bundle/bin.js') >= newest) return;
  await step('Bundling the command', bundleCommand);
}

/** Bundles what is published of the SDKs, from what is compiled. */
export async function buildSdks() {
  await whenChanged(
    'sdks',
    [
      'packages/protocol',
      ...['node', 'browser'].flatMap((sdk) =>
        ['src', 'build.mjs', 'package.json'].map((part) => `packages/${sdk}/${part}`),
      ),
      'package-lock.json',
    ],
    'packages/node/lib/esm/index.js',
    () =>
      step('Bundling the SDKs', async () => {
        await run(node, ['packages/node/build.mjs']);
        await run(node, ['packages/browser/build.mjs']);
      }),
  );
}

/** Builds the console into the server package. */
export async function buildConsole() {
  await whenChanged(
    'console',
    [
      ...['src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map((part) => `packages/console/${part}`),
      ...['packages/protocol/src', 'package-lock.json'],
    ],
    'packages/server/public/index.html',
    () =>
      step('Building the console', () =>
        run('npm', ['run', 'build', '-w', 'packages/console', '--silent'], { env: { NODE_ENV: 'production' } }),
      ),
  );
}

/** Builds the YumZoom example; it needs the SDK built first. */
export async function buildExample() {
  await whenChanged(
    'yumzoom',
    [
      'examples/yumzoom',
      'packages/node/src',
      'packages/browser/src',
      'packages/node/package.json',
      'package-lock.json',
    ],
    'examples/yumzoom/.next/BUILD_ID',
    () =>
      step('Building the YumZoom example', () =>
        run(node, ['examples/yumzoom/scripts/build.mjs'], { env: { NEXT_TELEMETRY_DISABLED: '1' } }),
      ),
  );
}
