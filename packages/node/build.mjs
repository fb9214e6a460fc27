// Builds what is published: lib/esm and lib/cjs by esbuild, with the protocol inlined, and lib/types from the declarations that
// `tsc -b` has put into dist.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const out = `lib-${process.pid}`;
const inPackage = (path) => join(root, path);
const entries = {
  index: 'src/index.ts',
  health: 'src/health.ts',
  express: 'src/express.ts',
  fetch: 'src/fetch.ts',
  http: 'src/http.ts',
  fastify: 'src/fastify.ts',
  hono: 'src/hono.ts',
  koa: 'src/koa.ts',
  pino: 'src/pino.ts',
  winston: 'src/winston.ts',
  console: 'src/console.ts',
  next: 'src/next/index.ts',
  'next-proxy': 'src/next/proxy.ts',
  react: 'src/react.ts',
  sentry: 'src/sentry.ts',
};
/** Runs in the edge runtime, so it may share no file with what uses Node. */
const edgeEntries = { 'next-edge': 'src/next/edge.ts', 'next-proxy': 'src/next/proxy.ts' };

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  alias: { '@yumops/protocol': inPackage('../protocol/src/index.ts') },
  legalComments: 'none',
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: true,
  // Names of classes and functions stand in stacks and logs.
  keepNames: true,
};

async function buildEsm() {
  const esm = { ...common, format: 'esm', outdir: `${out}/esm` };
  const { 'next-proxy': _edge, ...nodeEntries } = entries;
  await Promise.all([
    build({ ...esm, entryPoints: nodeEntries, splitting: true, chunkNames: 'shared-[hash]' }),
    build({ ...esm, entryPoints: edgeEntries }),
  ]);
}

/** esbuild shares no code between CommonJS files, so there is one bundle and a stub for each entry. */
async function buildCjs() {
  const exports = Object.entries(entries).map(([name, path]) => `export * as ${identifier(name)} from './${path}';`);
  await build({
    ...common,
    format: 'cjs',
    stdin: { contents: exports.join('\n'), resolveDir: root, loader: 'ts' },
    outfile: `${out}/cjs/bundle.cjs`,
  });
  for (const name of Object.keys(entries)) {
    writeFileSync(
      inPackage(`${out}/cjs/${name}.cjs`),
      `module.exports = require('./bundle.cjs').${identifier(name)};\n`,
    );
  }
  writeFileSync(inPackage(`${out}/cjs/package.json`), '{"type":"commonjs"}\n');
}

function identifier(name) {
  return name.replace('-', '_');
}

/**
 * Copies the declarations to a place where the protocol's, which they refer to, lie beside them. Docstrings stay in one of
 * the two copies: editors show those of the entry that is imported, and hardly anybody requires a typed package.
 */
function copyTypes(from, to, protocol, documented) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== 'testing') {
      copyTypes(join(from, entry.name), join(to, entry.name), protocol, documented);
    } else if (entry.name.endsWith('.d.ts') && !entry.name.endsWith('.test.d.ts')) {
      const whole = readFileSync(join(from, entry.name), 'utf8').replace(/^\/\/# sourceMappingURL.*$/m, '');
      const text = documented ? whole : whole.replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, '');
      const path = relative(to, protocol).replace(/^(?!\.)/, './');
      mkdirSync(to, { recursive: true });
      writeFileSync(join(to, entry.name), text.replaceAll("'@yumops/protocol'", `'${path}'`));
    }
  }
}

await Promise.all([buildEsm(), buildCjs()]);
for (const types of [`${out}/types`, `${out}/cjs/types`]) {
  copyTypes(inPackage('dist'), inPackage(types), inPackage(`${types}/protocol.js`), !types.includes('cjs'));
  copyFileSync(inPackage('../protocol/dist/log-record.d.ts'), inPackage(`${types}/protocol.d.ts`));
}
// Whoever reads lib at this moment finds the old or the new files, all but for the instant between the two renames.
const old = `${out}-old`;
if (existsSync(inPackage('lib'))) {
  renameSync(inPackage('lib'), inPackage(old));
}
renameSync(inPackage(out), inPackage('lib'));
rmSync(inPackage(old), { recursive: true, force: true });
