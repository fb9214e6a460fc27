import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf } from '../lib/errors.ts';
import { type Keyring, keysOf } from '../lib/keyring.ts';
import { randomHex } from '../lib/random.ts';

/** What each seal is for; it goes into the key, so it never changes. */
export const SEALS = { monitors: 'monitors', installation: 'installation' } as const;

/** Keys as the environment gives them. */
export interface GivenKeys {
  secretKey: string | undefined;
  previousSecretKeys: readonly string[];
}

/**
 * The installation's secret keys: the given ones, else those in `<data folder>.key` (mode 0600, one a line, the current one
 * first), where one is made at the first start. It lies beside the data folder, not in it, so that a copy of the data
 * alone opens nothing.
 */
export async function openKeyring(dataDir: string, given: GivenKeys): Promise<Keyring> {
  const known = await readKeyring(dataDir, given);
  if (known !== undefined) return known;
  const current = randomHex(32);
  await writeKeyFile(dataDir, [current]);
  return { current, previous: given.previousSecretKeys };
}

/** As `openKeyring`, but undefined before the first start. A file that cannot be read is an error. */
export async function readKeyring(dataDir: string, given: GivenKeys): Promise<Keyring | undefined> {
  const { secretKey, previousSecretKeys } = given;
  if (secretKey !== undefined) return { current: secretKey, previous: previousSecretKeys };
  const [current, ...previous] = await readKeyFile(dataDir);
  return current === undefined ? undefined : { current, previous: [...previous, ...previousSecretKeys] };
}

/** Puts a new key above the others in the file. @returns the ring after it; undefined before the first start */
export async function addKey(dataDir: string): Promise<Keyring | undefined> {
  const kept = await readKeyFile(dataDir);
  if (kept.length === 0) return undefined;
  const current = randomHex(32);
  await writeKeyFile(dataDir, [current, ...kept]);
  return { current, previous: kept };
}

/** Text of a key file. */
export function keyFileText(ring: Keyring): string {
  return keysOf(ring)
    .map((key) => `${key}\n`)
    .join('');
}

async function readKeyFile(dataDir: string): Promise<string[]> {
  try {
    const lines = (await readFile(pathOf(dataDir), 'utf8')).split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function writeKeyFile(dataDir: string, [current, ...previous]: [string, ...string[]]): Promise<void> {
  await mkdir(dirname(pathOf(dataDir)), { recursive: true });
  await writeFileAtomic(pathOf(dataDir), keyFileText({ current, previous }));
}

function pathOf(dataDir: string): string {
  return `${dataDir}.key`;
}
