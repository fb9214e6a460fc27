import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { BackupKey, ConfigurationRecord } from '../../care/backup/index.ts';
import type { Config } from '../../config/index.ts';

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * The configuration as it is backed up: its files, and which variables of the environment they need. Of their values a
 * keyed hash is kept: enough to tell whether a value is still the same, useless without the backup key.
 */
export async function recordConfiguration(
  { root, files }: Pick<Config, 'root' | 'files'>,
  env: Readonly<Record<string, string | undefined>>,
  key: BackupKey,
): Promise<ConfigurationRecord> {
  const texts = await Promise.all(
    files.map(async (file) => ({ path: relative(root, file), text: await readFile(file, 'utf8') })),
  );
  const names = new Set(texts.flatMap(({ text }) => [...text.matchAll(REFERENCE)].map((match) => match[1] as string)));
  const secret = key.derive('manifest', Buffer.from('environment'));
  const variables = [...names].sort().flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [{ name, hash: createHmac('sha256', secret).update(value).digest('hex') }];
  });
  return { files: texts, variables };
}
