import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf } from '../lib/errors.ts';
import { randomHex } from '../lib/random.ts';

/**
 * The installation's secret key: the given one, else the one in `<data folder>.key` (mode 0600), made at the first
 * start. It lies beside the data folder, not in it, so that a copy of the data alone opens nothing.
 */
export async function openSecretKey(dataDir: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const path = `${dataDir}.key`;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const key = randomHex(32);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${key}\n`);
  return key;
}
