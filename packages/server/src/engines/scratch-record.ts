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
 * @throws YumOpsError `scratch_refused` where another user has taken the place of the records
 */
export async function recordScratch(path: string): Promise<{ forget(): Promise<void> }> {
  const record: ScratchRecord = { owner: currentOwner(), path: resolve(path) };
  const file = join(await recordFolder(), `${randomHex(8)}${ENDING}`);
  await writeFileAtomic(file, JSON.stringify(record));
  return { forget: () => rm(file, { force: true }) };
}

/** All records of this user on this machine, by the file that each stands in. */
export async function scratchRecords(): Promise<Map<string, ScratchRecord>> {
  const folder = await recordFolder();
  const records = new Map<string, ScratchRecord>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith(ENDING) || name.startsWith('.')) continue;
    const record = await readRecord(join(folder, name));
    if (record) records.set(join(folder, name), record);
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

/** What stands there is deleted by: nobody else may write into it. */
async function recordFolder(): Promise<string> {
  const uid = process.getuid?.();
  const folder = join(tmpdir(), `yumops-scratch-${uid ?? 'records'}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (found.isDirectory() && (uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0))) return folder;
  throw new YumOpsError('scratch_refused', `${folder} belongs to another user, or others may write there.`, {
    hint: 'Remove it, or set TMPDIR to a folder of your own.',
    status: 409,
  });
}
