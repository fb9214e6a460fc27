import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

const SKIP = new Set(['node_modules', 'dist', '.next', '.data', '.yumops', 'coverage', 'public-build']);

function* files(path) {
  if (!existsSync(path)) return;
  if (statSync(path).isFile()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (SKIP.has(entry.name)) continue;
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* files(child);
    else if (entry.isFile()) yield child;
  }
}

function fingerprint(inputs) {
  const hash = createHash('sha256').update(process.version);
  for (const input of inputs) {
    for (const file of files(join(root, input))) {
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
    }
  }
  return hash.digest('hex');
}

/**
 * Runs `work` unless it ran before on the same inputs and its output still exists.
 * @param {string} name of the step
 * @param {string[]} inputs files and folders, relative to the repository
 * @param {string} output a file that the step makes, relative to the repository
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it ran
 */
export async function whenChanged(name, inputs, output, work) {
  const stamp = join(root, 'node_modules', '.cache', 'yumops', `${name}.stamp`);
  const now = fingerprint(inputs);
  if (existsSync(join(root, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return false;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
  return true;
}
