// Builds what is published: lib/esm and lib/cjs by esbuild, with the protocol inlined, and lib/types from the declarations that
// `tsc -b` has put into dist.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const inPackage = (path) => join(root, path);
const entries = {
  index: 'src/index.ts',
  health: 'src/health.ts',
  express: 'src/express.ts',
  fetch: 'src/fetch.ts',
  http: 'src/http.ts',
  next: 'src/next/index.ts',
  'next-edge': 'src/next/edge.ts',
  'next-proxy': 'src/next/proxy.ts',
};

function options(format) {
  return {
    absWorkingDir: root,
    entryPoints: entries,
    outdir: `lib/${format}`,
    bundle: true,
    splitting: format === 'esm',
    platform: 'node',
    target: 'node20.19',
    format,
    alias: { '@yumops/protocol': inPackage('../protocol/src/index.ts') },
    outExtension: { '.js': format === 'esm' ? '.js' : '.cjs' },
    chunkNames: 'shared-[hash]',
    legalComments: 'none',
  };
}

function copyTypes(from, to, protocolFolder) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      copyTypes(join(from, entry.name), join(to, entry.name), protocolFolder);
    } else if (entry.name.endsWith('.d.ts') && !entry.name.endsWith('.test.d.ts')) {
      const protocol = relative(to, join(protocolFolder, 'index.js')).replace(/^(?!\.)/, './');
      const text = readFileSync(join(from, entry.name), 'utf8');
      mkdirSync(to, { recursive: true });
      writeFileSync(join(to, entry.name), text.replaceAll("'@yumops/protocol'", `'${protocol}'`));
    }
  }
}

rmSync(inPackage('lib'), { recursive: true, force: true });
await Promise.all([build(options('esm')), build(options('cjs'))]);
writeFileSync(inPackage('lib/cjs/package.json'), '{"type":"commonjs"}\n');
copyTypes(inPackage('dist'), inPackage('lib/types'), inPackage('lib/types/protocol'));
copyTypes(inPackage('../protocol/dist'), inPackage('lib/types/protocol'), inPackage('lib/types/protocol'));
