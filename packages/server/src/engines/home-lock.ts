import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { randomHex } from '../lib/random.ts';
import { startOf } from './process-identity.ts';

interface Owner {
  pid: number;
  start: string;
}

const NAME = 'owner.json';

/**
 * Claims an engine's home folder for this process until `release`. A claim of a process that has ended is taken
 * over, also when its number has been given to another process since.
 * @throws {YumOpsError} `engine_in_use` naming the process that has it
 */
export async function lockHome(home: string, engine: string): Promise<{ release(): Promise<void> }> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const path = join(home, NAME);
  const mine = `${path}.${randomHex(6)}`;
  await writeFile(mine, JSON.stringify({ pid: process.pid, start: startOf(process.pid) ?? '' }), { mode: 0o600 });
  try {
    while (!(await claim(mine, path))) {
      const content = await readIfThere(path);
      const owner = content === undefined ? undefined : parseOwner(content);
      if (owner && startOf(owner.pid) === owner.start) throw inUse(home, engine, owner.pid);
      if (content !== undefined) await removeStale(path, content);
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

/** Takes a dead owner's claim away; should another process have claimed meanwhile, its claim is put back. */
async function removeStale(path: string, seen: string): Promise<void> {
  const aside = `${path}.${randomHex(6)}`;
  try {
    await rename(path, aside);
    if ((await readIfThere(aside)) !== seen) await claim(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(content: string): Owner | undefined {
  try {
    const owner = JSON.parse(content) as Partial<Owner>;
    return typeof owner.pid === 'number' && typeof owner.start === 'string' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

function inUse(home: string, engine: string, pid: number): YumOpsError {
  return new YumOpsError('engine_in_use', `${engine} in ${home} is already in use by process ${pid}.`, {
    hint: 'Stop that process, or give this one another data directory.',
    status: 409,
  });
}
