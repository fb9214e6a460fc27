import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf } from '../lib/errors.ts';

/** How commands on the same machine reach the running platform. Readable by its own user alone. */
export interface RunFile {
  pid: number;
  url: string;
  /** An admin token that lives as long as this run. */
  token: string;
}

const pathOf = (dataDir: string) => join(dataDir, 'run.json');

/** Tells commands on this machine where the platform serves. */
export async function writeRunFile(dataDir: string, content: RunFile): Promise<void> {
  await writeFileAtomic(pathOf(dataDir), JSON.stringify(content));
}

/** For a platform that stops. */
export async function removeRunFile(dataDir: string): Promise<void> {
  await rm(pathOf(dataDir), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The running platform of this data folder; undefined when none runs. */
export async function readRunFile(dataDir: string): Promise<RunFile | undefined> {
  try {
    const content = JSON.parse(await readFile(pathOf(dataDir), 'utf8')) as RunFile;
    return isAlive(content.pid) ? content : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
