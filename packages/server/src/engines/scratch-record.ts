import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { currentOwner, type ProcessOwner } from '../lib/process-owner.ts';
import { randomHex } from '../lib/random.ts';

/** A folder that exists while a process needs it, such as the data of a server on trial. */
export interface ScratchRecord {
  owner: ProcessOwner;
  /** Absolute. */
  path: string;
}

const ENDING = '.json';

/**
 * Says that a folder is this process's own, before it is made: so it is found when the process is killed.
 * @throws YumOpsError `scratch_refused` where nothing in the temporary folder is this user's own
 */
export async function recordScratch(path: string): Promise<{ forget(): Promise<void> }> {
  const record: ScratchRecord = { owner: currentOwner(), path: resolve(path) };
  const file = join(await recordFolder(), `${randomHex(8)}${ENDING}`);
  await writeFileAtomic(file, JSON.stringify(record));
  return { forget: () => rm(file, { force: true }) };
}

/** All records of this user on this machine, by the file that each stands in. */
export async function scratchRecords(): Promise<Map<string, ScratchRecord>> {
  const records = new Map<string, ScratchRecord>();
  for (const folder of await recordFolders()) {
    for (const name of await readdir(folder)) {
      if (!name.endsWith(ENDING) || name.startsWith('.')) continue;
      const record = await readRecord(join(folder, name));
      if (record) records.set(join(folder, name), record);
    }
  }
  return records;
}

/** One that is gone meanwhile is none. */
async function readRecord(file: string): Promise<ScratchRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ScratchRecord;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Names of folders for records begin so; another one follows where the plain name is somebody else's. */
const plainName = () => `yumops-scratch-${process.getuid?.() ?? 'records'}`;

/** Where records are written: in a folder of ours that is there, or in a new one, under a name that nobody could take before. */
async function recordFolder(): Promise<string> {
  for (const name of [plainName(), `${plainName()}-${randomHex(8)}`]) {
    const [found] = await recordFolders();
    if (found !== undefined) return found;
    await mkdir(join(tmpdir(), name), { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
  const [made] = await recordFolders();
  if (made !== undefined) return made;
  throw new YumOpsError('scratch_refused', `No folder in ${tmpdir()} stays this user's own.`, {
    hint: 'Set TMPDIR to a folder of your own.',
    status: 409,
  });
}

/** The folders with records of this user. */
async function recordFolders(): Promise<string[]> {
  const plain = plainName();
  const names = (await readdir(tmpdir())).filter((name) => name === plain || name.startsWith(`${plain}-`)).sort();
  const folders = names.map((name) => join(tmpdir(), name));
  const ours = await Promise.all(folders.map(isOurs));
  return folders.filter((_, index) => ours[index]);
}

/** What stands there is deleted by: one that others may write into is not believed. */
async function isOurs(folder: string): Promise<boolean> {
  const uid = process.getuid?.();
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && (uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0));
}
