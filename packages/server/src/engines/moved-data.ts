import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../lib/errors.ts';

/** Where root may put what the engines' own user has to read. */
export const SYSTEM_FOLDER = '/var/lib/yumops';

const RECORD = '.home';

/** The file beside data that were put elsewhere: the home that they belong to. */
export function homeRecord(moved: string): string {
  return `${moved}${RECORD}`;
}

/** Data that were put elsewhere for a home that is not there any more. */
export interface AbandonedData {
  path: string;
  home: string;
  bytes: number;
}

/**
 * Finds the data of engines whose home was deleted. A home that was made anew has new data, and its old data count too.
 * @param system where the data were put
 */
export async function abandonedData(system = SYSTEM_FOLDER): Promise<AbandonedData[]> {
  const folder = join(system, 'data');
  const found: AbandonedData[] = [];
  for (const name of await namesIn(folder)) {
    if (!name.endsWith(RECORD)) continue;
    const path = join(folder, name.slice(0, -RECORD.length));
    const home = await textOf(join(folder, name));
    if (typeof home !== 'string') continue;
    const pointer = await textOf(join(home, 'data-location'));
    if (pointer !== UNREADABLE && pointer !== path) found.push({ path, home, bytes: await sizeOf(path) });
  }
  return found;
}

/** What cannot be read says nothing of who owns what. */
const UNREADABLE = Symbol('unreadable');

/** The text of a file; undefined when there is none. */
async function textOf(path: string): Promise<string | undefined | typeof UNREADABLE> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '') ? undefined : UNREADABLE;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EACCES') return [];
    throw error;
  }
}

/** Bytes of all files below a folder; what cannot be entered counts nothing. */
export async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
