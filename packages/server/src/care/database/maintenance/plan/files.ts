import { realpath, unlink } from 'node:fs/promises';
import { dirname, isAbsolute, resolve, sep } from 'node:path';
import { codeOf, messageOf } from '../../../../lib/errors.ts';
import type { RetentionPolicy } from '../settings.ts';

/** What became of the file of a row. `kept`: it is still there, and `why` says why. */
export type FileEnd = { end: 'removed' | 'missing' | 'none' } | { end: 'kept'; why: string };

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * Removes the file that a row names. The path is data of the application: a relative one never leaves the folder, and
 * where the policy names a folder no other one does, nor by a link.
 */
export async function removeFile(path: string | null, policy: RetentionPolicy): Promise<FileEnd> {
  if (path === null || path.trim() === '') return { end: 'none' };
  const { fileFolder, confined } = policy;
  const file = resolve(fileFolder, path);
  const mustStay = confined || !isAbsolute(path);
  if (mustStay && !isBelow(file, fileFolder)) return { end: 'kept', why: `${path} lies outside of ${fileFolder}` };
  try {
    if (mustStay && !isBelow(`${await realpath(dirname(file))}${sep}`, await realpath(fileFolder))) {
      return { end: 'kept', why: `${path} leads out of ${fileFolder} by a link` };
    }
    await unlink(file);
    return { end: 'removed' };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return { end: 'missing' };
    return { end: 'kept', why: messageOf(error) };
  }
}
