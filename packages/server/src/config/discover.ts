import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { YumOpsError } from '../lib/errors.ts';

const MAIN_NAMES = ['yumops.yml', 'yumops.yaml'];
const DEFAULT_INCLUDE = ['monitoring/*.yml', 'monitoring/*.yaml'];

/** Where a configuration begins. */
export interface StartingPoint {
  /** The folder that relative paths count from. */
  root: string;
  /** Files that are read first, as full paths. */
  files: readonly string[];
  /** Patterns for further files where the main file names none. */
  include: readonly string[];
  /** Names of main files that would be read if they were there. */
  mainFiles: readonly string[];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Finds where the configuration begins.
 * @param path a folder, a file, or undefined for the working folder, which may have none at all
 * @throws YumOpsError `wrong_use` when the path does not exist
 */
export function startingPoint(path: string | undefined, cwd: string): StartingPoint {
  const start = resolve(cwd, path ?? '.');
  if (!existsSync(start)) {
    throw new YumOpsError('wrong_use', `There is no file or folder ${path}.`, {
      hint: 'Give the folder of yumops.yml, or a configuration file.',
      status: 400,
    });
  }
  if (!isFolder(start)) {
    const isMain = MAIN_NAMES.includes(basename(start));
    return { root: dirname(start), files: [start], include: isMain ? DEFAULT_INCLUDE : [], mainFiles: [] };
  }
  const main = MAIN_NAMES.map((name) => join(start, name)).filter((file) => existsSync(file));
  const bare = path !== undefined && main.length === 0 && !isFolder(join(start, 'monitoring'));
  const include = bare ? ['*.yml', '*.yaml'] : DEFAULT_INCLUDE;
  return { root: start, files: main.slice(0, 1), include, mainFiles: MAIN_NAMES };
}

function matcher(segment: string): RegExp {
  const pattern = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${pattern}$`);
}

function expand(folder: string, segments: readonly string[]): string[] {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [folder];
  if (!/[*?]/.test(segment)) return existsSync(join(folder, segment)) ? expand(join(folder, segment), rest) : [];
  if (!isFolder(folder)) return [];
  const pattern = matcher(segment);
  return readdirSync(folder)
    .filter((name) => pattern.test(name) && (!name.startsWith('.') || segment.startsWith('.')))
    .sort()
    .flatMap((name) => expand(join(folder, name), rest));
}

/** What is tried on a configuration lies beside it and is no part of it. */
function isScenario(path: string): boolean {
  return /\.scenario\.ya?ml$/.test(path);
}

/** The files that a pattern (`monitoring/*.yml`) names, as full paths in order of their names. `*` and `?` match within a name. */
export function matchFiles(root: string, pattern: string): string[] {
  const absolute = resolve(root, pattern);
  const [first = '', ...segments] = absolute.split(/[\\/]/);
  return expand(`${first}/`, segments).filter((path) => !isFolder(path) && !isScenario(path));
}
