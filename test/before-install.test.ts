import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
/** Commands that install what they need, and so are read by Node while nothing is installed. */
const COMMANDS = ['start', 'test', 'check', 'build', 'soak', 'matrix'].map((name) => `scripts/${name}.mjs`);

/** What a file imports as soon as it is read, with what its own parts do, as `file: package`. */
function packagesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const imports = [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm),
  ];
  return imports.flatMap(([, name = '']) => {
    if (name.startsWith('.')) return packagesOf(join(dirname(file), name), seen);
    return name.startsWith('node:') ? [] : [`${relative(root, file)}: ${name}`];
  });
}

test.each([...COMMANDS, 'bench/run.mjs'])('%s needs no package before it has installed them', (command) => {
  expect(packagesOf(join(root, command))).toEqual([]);
});
