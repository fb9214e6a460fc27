import { existsSync } from 'node:fs';
import { chown, cp, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import type { LoadedConfig } from './config.ts';

const KEPT = 'configuration-before';
const PERMISSIONS = 0o777;

/**
 * Writes the files of a configuration, and the files with secrets that it names, in the place of another one. Files that
 * are no part of it any more are removed; all that stood there before is kept in the data folder, or beside the
 * other one where there is none.
 * @returns the folder in which it is kept
 * @throws YumOpsError `file_outside` where a file does not lie below its folder, `other_name` where the platform would not find it
 */
export async function placeFiles(
  from: Pick<LoadedConfig, 'root' | 'files' | 'inputs'>,
  to: { root: string; files: readonly string[] },
  dataDir: string,
): Promise<string> {
  const outside = from.files.find((file) => !isBelow(from.root, file));
  if (outside !== undefined) refuse(outside, from.root);
  const written = namesIn(
    from.root,
    from.inputs.filter((file) => existsSync(file)),
  );
  const before = namesIn(to.root, to.files);
  refuseOtherName(before, written);
  const kept = existsSync(dataDir) ? join(dataDir, KEPT) : `${to.root}.before`;
  await keep(to.root, [...new Set([...before, ...written])], kept);
  for (const name of written) await place(join(from.root, name), join(to.root, name), to.root);
  for (const name of before) if (!written.includes(name)) await rm(join(to.root, name), { force: true });
  return kept;
}

/** Names relative to the folder of those files that lie below it. A secret elsewhere is found by its path anyway. */
export function namesIn(root: string, files: readonly string[]): string[] {
  return files.filter((file) => isBelow(root, file)).map((file) => relative(root, file));
}

function isBelow(root: string, file: string): boolean {
  const path = relative(root, file);
  return !path.startsWith('..') && !isAbsolute(path);
}

function refuse(file: string, root: string): never {
  throw new YumOpsError('file_outside', `${file} is included and does not lie below ${root}.`, {
    hint: 'Move it there, so that it can be written along.',
    status: 400,
  });
}

/**
 * A platform that was started with a file reads that file alone, and nobody knows here whether it was: without one of that name it
 * would have no configuration at its next start. Of a folder without a main file it reads all.
 */
function refuseOtherName([first, ...more]: readonly string[], written: readonly string[]): void {
  if (first === undefined || dirname(first) !== '.' || written.includes(first)) return;
  if (!first.startsWith('yumops.') && more.length > 0 && more.every((name) => dirname(name) === '.')) return;
  throw new YumOpsError('other_name', `The platform reads ${first}, and the new configuration has no such file.`, {
    hint: `Call its main file ${first}.`,
    status: 400,
  });
}

async function keep(root: string, names: readonly string[], kept: string): Promise<void> {
  await rm(kept, { recursive: true, force: true });
  await mkdir(kept, { recursive: true, mode: 0o700 });
  for (const name of names) {
    try {
      await cp(join(root, name), join(kept, name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

async function place(source: string, target: string, root: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const { mode } = await stat(source);
  await writeFileAtomic(target, await readFile(source), mode & PERMISSIONS);
  // As root it would take files away from the user whom the folder belongs to.
  const { uid, gid } = await stat(root);
  if (process.getuid?.() === 0) await chown(target, uid, gid);
}
