// Builds what is published, by esbuild with the protocol inlined: one CommonJS bundle, which the entries of lib/cjs and lib/esm pass
// on, ES modules of their own for edge runtimes and browsers, and types from the declarations that `tsc -b` has put into dist.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const out = `lib-${process.pid}`;
const inPackage = (path) => join(root, path);
const entries = {
  index: 'src/index.ts',
  server: 'src/server.ts',
  security: 'src/security.ts',
  health: 'src/health.ts',
  express: 'src/express.ts',
  cron: 'src/cron.ts',
  fetch: 'src/fetch.ts',
  http: 'src/http.ts',
  fastify: 'src/fastify.ts',
  hono: 'src/hono.ts',
  koa: 'src/koa.ts',
  pg: 'src/pg.ts',
  pino: 'src/pino.ts',
  winston: 'src/winston.ts',
  console: 'src/console.ts',
  consola: 'src/consola.ts',
  logtape: 'src/logtape.ts',
  opentelemetry: 'src/opentelemetry.ts',
  next: 'src/next/index.ts',
  'next-proxy': 'src/next/proxy.ts',
  react: 'src/react.ts',
  sentry: 'src/sentry.ts',
};
/** These run where there is no Node, so their ES modules share no file with what uses it. */
const modules = { 'next-edge': 'src/next/edge.ts', 'next-proxy': 'src/next/proxy.ts', react: 'src/react.ts' };

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
};

async function buildBundle() {
  const exports = Object.entries(entries).map(([name, path]) => `export * as ${identifier(name)} from './${path}';`);
  await build({
    ...common,
    format: 'cjs',
    stdin: { contents: exports.join('\n'), resolveDir: root, loader: 'ts' },
    outfile: `${out}/cjs/bundle.cjs`,
  });
  return createRequire(import.meta.url)(inPackage(`${out}/cjs/bundle.cjs`));
}

async function buildModules() {
  await build({
    ...common,
    format: 'esm',
    outdir: `${out}/esm`,
    entryPoints: modules,
    splitting: true,
    chunkNames: 'edge-[hash]',
  });
}

/**
 * Each name stands in the entries by itself, so that it is found without running them. ES modules import the small ones of CommonJS:
 * Node searches what they import for names, and with the bundle that takes longer than to load it.
 */
function writeEntries(bundle) {
  for (const name of Object.keys(entries)) {
    const names = Object.keys(bundle[identifier(name)]);
    writeLines(`cjs/${name}.cjs`, [
      `Object.defineProperty(exports, '__esModule', { value: true });`,
      `const entry = require('./bundle.cjs').${identifier(name)};`,
      ...names.map((one) => `exports.${one} = entry.${one};`),
    ]);
    if (name in modules) continue;
    const named = names.filter((one) => one !== 'default');
    const lines = [`export { ${named.join(', ')} } from '../cjs/${name}.cjs';`];
    // To Node the default of CommonJS is all that it exports.
    if (named.length < names.length)
      lines.push(`import entry from '../cjs/${name}.cjs';`, 'export default entry.default;');
    writeLines(`esm/${name}.js`, lines);
  }
  writeLines('cjs/package.json', ['{"type":"commonjs"}']);
}

function writeLines(path, lines) {
  writeFileSync(inPackage(join(out, path)), `${lines.join('\n')}\n`);
}

function identifier(name) {
  return name.replace('-', '_');
}

/** The declarations that an application can come to from the entries; those of inner parts stay here. */
function publicDeclarations() {
  const found = new Set();
  const waiting = Object.values(entries).map((path) => path.replace(/^src\//, '').replace(/\.ts$/, '.d.ts'));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = readFileSync(inPackage(join('dist', path)), 'utf8');
    for (const [, target] of text.matchAll(/(?:from |import\()'(\.[^']+)\.[jt]s'/g)) {
      waiting.push(join(dirname(path), `${target}.d.ts`));
    }
  }
  return found;
}

/** Those that an entry passes on: the others are only referred to, and nobody reads their comments. */
function passedOn() {
  const targets = Object.values(entries).map((path) => path.replace(/^src\//, '').replace(/\.ts$/, '.d.ts'));
  const inner = targets.flatMap((path) =>
    [...readFileSync(inPackage(join('dist', path)), 'utf8').matchAll(/from '(\.[^']+)\.[jt]s'/g)].map(([, target]) =>
      join(dirname(path), `${target}.d.ts`),
    ),
  );
  return new Set([...targets, ...inner]);
}

/**
 * Copies the declarations to a place where the protocol's, which they refer to, lie beside them. There they are of CommonJS, as
 * follows from the package.json that is nearest.
 */
function copyTypes(to) {
  const read = passedOn();
  for (const path of publicDeclarations()) {
    const text = readFileSync(inPackage(join('dist', path)), 'utf8')
      .replace(/^\/\/# sourceMappingURL.*$/m, '')
      .replace(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4))
      .replace(read.has(path) ? /^$/ : /^\s*\/\*\*[\s\S]*?\*\/\n/gm, '');
    const target = join(to, path);
    mkdirSync(dirname(target), { recursive: true });
    const toProtocol = relative(dirname(target), join(to, 'protocol.js')).replace(/^(?!\.)/, './');
    writeFileSync(target, text.replaceAll("'@yumops/protocol'", `'${toProtocol}'`));
  }
  copyFileSync(inPackage('../protocol/dist/log-record.d.ts'), join(to, 'protocol.d.ts'));
}

/** The declarations of ES modules pass those of CommonJS on: whoever loads both has the same types twice. */
function passTypesOn(from, to) {
  for (const path of Object.values(entries)) {
    const name = path.replace(/^src\//, '').replace(/\.ts$/, '');
    const target = join(to, `${name}.d.ts`);
    mkdirSync(dirname(target), { recursive: true });
    const source = relative(dirname(target), join(from, `${name}.js`));
    const lines = [`export * from '${source}';`];
    // To TypeScript the default of CommonJS is all that it exports as to Node, or its own default as to bundlers.
    if (/^export default|\bdefault\b[^'"]*\}/m.test(readFileSync(join(from, `${name}.d.ts`), 'utf8'))) {
      lines.push(
        `import entry from '${source}';`,
        'declare const main: typeof entry extends { default: infer Main } ? Main : typeof entry;',
        'export default main;',
      );
    }
    writeFileSync(target, `${lines.join('\n')}\n`);
  }
}

const [bundle] = await Promise.all([buildBundle(), buildModules()]);
writeEntries(bundle);
copyTypes(inPackage(`${out}/cjs/types`));
passTypesOn(inPackage(`${out}/cjs/types`), inPackage(`${out}/types`));
// Whoever reads lib at this moment finds the old or the new files, all but for the instant between the two renames.
const old = `${out}-old`;
if (existsSync(inPackage('lib'))) {
  renameSync(inPackage('lib'), inPackage(old));
}
renameSync(inPackage(out), inPackage('lib'));
rmSync(inPackage(old), { recursive: true, force: true });
