import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { root } from './root.mjs';

const dist = join(root, 'packages/server/dist');
const out = join(dist, 'bundle');
const entry = join(dist, 'cli/bin.js');
/** Processes that run may still load a part of what they were started from. */
const KEPT_MS = 24 * 3_600_000;
/** In the folder: names of the files of the newest build. */
const LIST = 'files.json';

/** Parts find files by their own place, which is that of the compiled file and not of the bundle. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]server[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const place = `new URL(${JSON.stringify(relative(out, path))}, import.meta.url).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place), loader: 'js' };
    });
  },
};

/** Packages of others stay where npm puts them. */
const othersOutside = {
  name: 'others-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) =>
      kind === 'entry-point' || path.startsWith('@yumops/') ? undefined : { path, external: true },
    );
  },
};

/** Whoever reads a file at this moment finds the old one or the new one. */
function put({ path, contents }) {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

/**
 * Removes from `folder` what no build of the last day consisted of: a file that the newest does not have counts from now,
 * however old it is.
 * @param {string} folder
 * @param {ReadonlySet<string>} current names of the files of the newest build
 * @param {number} now milliseconds since the epoch
 */
export function removeOld(folder, current, now) {
  const list = join(folder, LIST);
  const last = new Set(existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []);
  for (const name of readdirSync(folder)) {
    if (name === LIST || current.has(name)) continue;
    const path = join(folder, name);
    // Another build at the same time may have renamed it.
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (changed === undefined) continue;
    if (last.has(name)) utimesSync(path, now / 1_000, now / 1_000);
    else if (now - changed > KEPT_MS) rmSync(path, { force: true });
  }
  put({ path: list, contents: JSON.stringify([...current]) });
}

/**
 * Joins the compiled modules of the server into few files in dist/bundle: a command that loads a thousand modules
 * spends most of its start on opening them. What is loaded on demand stays a file of its own.
 */
export async function bundleCommand() {
  // Whoever installs packages reads this file before any is there.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: out,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [othersOutside, ownPlaces],
    write: false,
  });
  mkdirSync(out, { recursive: true });
  const main = join(out, basename(entry));
  // The entry comes last, when all that it loads is there.
  for (const file of outputFiles.filter(({ path }) => path !== main)) put(file);
  for (const file of outputFiles.filter(({ path }) => path === main)) put(file);
  removeOld(out, new Set(outputFiles.map(({ path }) => basename(path))), Date.now());
}
