import type { Db } from '../../lib/db.ts';
import { codeOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Seal } from '../../lib/seal.ts';

/**
 * Opens a secret that outlives the secret key, and keeps `initial` as it the first time. Where it cannot be opened,
 * `initial` serves, the log says so, and what is stored stays as it is.
 * @param now milliseconds since the epoch
 */
export async function openInstallationSecret(
  { db, seal, log }: { db: Db; seal: Seal; log: Log },
  { name, initial, now }: { name: string; initial: string; now: number },
): Promise<string> {
  await db.query(
    'INSERT INTO installation_secrets (name, secret, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING',
    [name, seal.close(initial, name), new Date(now)],
  );
  const [row] = await db.query<{ secret: Buffer }>('SELECT secret FROM installation_secrets WHERE name = $1', [name]);
  try {
    return seal.open(row?.secret as Buffer, name);
  } catch (error) {
    if (codeOf(error) !== 'seal_broken') throw error;
    log.error('a secret of the installation stands under a key that is not given', { secret: name });
    return initial;
  }
}
