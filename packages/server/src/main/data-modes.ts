import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What YumOps keeps in its data folder. */
const KEPT = ['postgres', 'chdb', 'spool', 'blobs', 'files', 'databases', 'journeys', 'run.json', 'audit-head.json'];

/** Who may enter the data folder, and the permission bits of the secret key's file; null where there is none. */
export async function dataModes(
  dataDir: string,
): Promise<{ writable: boolean; readable: string[]; key: number | null }> {
  const [folder, key] = await Promise.all([modeOf(dataDir), modeOf(`${dataDir}.key`)]);
  const modes = await Promise.all(KEPT.map(async (name) => ({ name, mode: await modeOf(join(dataDir, name)) })));
  return {
    writable: folder !== null && (folder & 0o002) !== 0,
    readable: modes.filter(({ mode }) => mode !== null && (mode & 0o004) !== 0).map(({ name }) => name),
    key,
  };
}

async function modeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.mode ?? null;
}
