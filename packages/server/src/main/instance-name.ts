import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf } from '../lib/errors.ts';
import { randomHex } from '../lib/random.ts';

/**
 * The name of this instance among those that share a state store: the same after a restart, and unique, because it is
 * random and lies in the data folder, which one process at a time has.
 */
export async function instanceName(dataDir: string): Promise<string> {
  const path = join(dataDir, 'instance');
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const name = randomHex(8);
  await writeFileAtomic(path, `${name}\n`);
  return name;
}
