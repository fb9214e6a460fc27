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
  const known = given ?? (await readSecretKey(dataDir));
  if (known !== undefined) return known;
  const path = pathOf(dataDir);
  const key = randomHex(32);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${key}\n`);
  return key;
}

/** The key in `<data folder>.key`; undefined before the first start. A file that cannot be read is an error. */
export async function readSecretKey(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(pathOf(dataDir), 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function pathOf(dataDir: string): string {
  return `${dataDir}.key`;
}
