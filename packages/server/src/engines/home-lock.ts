import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { startOf } from '../lib/process-identity.ts';
import { randomHex } from '../lib/random.ts';

interface Owner {
  pid: number;
  start: string;
}

const NAME = 'owner.json';
const NOBODY: Owner = { pid: 0, start: 'never' };

/**
 * Claims a folder, such as an engine's home, for this process until `release`. A claim of a process that has ended is
 * taken over, also when its number has been given to another process since.
 * @param program what runs in the folder, as people call it
 * @throws {YumOpsError} `engine_in_use` naming the process that has it
 */
export async function lockHome(home: string, program: string): Promise<{ release(): Promise<void> }> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const path = join(home, NAME);
  const mine = `${path}.${randomHex(6)}`;
  await writeFile(mine, JSON.stringify({ pid: process.pid, start: startOf(process.pid) ?? '' }), { mode: 0o600 });
  try {
    while (!(await claim(mine, path))) {
      const owner = await ownerOf(path);
      if (owner && isAlive(owner)) throw inUse(home, program, owner.pid);
      await removeDeadClaim(mine, path);
    }
  } finally {
    await rm(mine, { force: true });
  }
  let held = true;
  return {
    async release() {
      // Once only: a later claim may be somebody else's.
      if (held) await rm(path, { force: true });
      held = false;
    },
  };
}

/** A hard link appears whole or not at all, and never replaces another. */
async function claim(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes the claim of a dead owner. Only one process at a time looks and removes, so that none removes the claim of
 * another that has just taken over; the mark of this is left behind only by a crash in these few lines.
 */
async function removeDeadClaim(mine: string, path: string): Promise<void> {
  const mark = `${path}.takeover`;
  if (!(await claim(mine, mark))) {
    const other = await ownerOf(mark);
    if (other && !isAlive(other)) await rm(mark, { force: true });
    return;
  }
  try {
    const owner = await ownerOf(path);
    if (owner && !isAlive(owner)) await rm(path, { force: true });
  } finally {
    await rm(mark, { force: true });
  }
}

/** Who claims it; a claim that cannot be read has an owner that never lived. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    return { ...NOBODY, ...(JSON.parse(await readFile(path, 'utf8')) as Partial<Owner>) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return NOBODY;
    throw error;
  }
}

function isAlive({ pid, start }: Owner): boolean {
  return startOf(pid) === start;
}

function inUse(home: string, program: string, pid: number): YumOpsError {
  return new YumOpsError('engine_in_use', `${program} in ${home} is already in use by process ${pid}.`, {
    hint: 'Stop that process, or give this one another data directory.',
    status: 409,
  });
}
