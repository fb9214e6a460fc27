// Builds what is published: lib/esm by esbuild, with attribution as a chunk of its own, and lib/types from what `tsc -b` has put into dist.
import { cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
rmSync(join(root, 'lib'), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { index: 'src/index.ts', react: 'src/react.ts' },
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  external: ['web-vitals', 'web-vitals/attribution', 'react'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  outdir: 'lib/esm',
  chunkNames: '[name]-[hash]',
});
cpSync(join(root, 'dist'), join(root, 'lib/types'), {
  recursive: true,
  filter: (path) => !/\.js(\.map)?$|\.tsbuildinfo$|\.d\.ts\.map$/.test(path),
});
