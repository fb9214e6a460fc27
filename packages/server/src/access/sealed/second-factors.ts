import { formatEnvelope, parseEnvelope, symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import type pg from 'pg';
import { type Keyring, keyNumber, keysOf } from '../../lib/keyring.ts';
import type { Standing } from '../../lib/seal.ts';
import type { SealedPart } from './parts.ts';

/** Keys as the account library wants them: each with the number by which what it encrypted names it. */
export function librarySecrets(ring: Keyring): { version: number; value: string }[] {
  return keysOf(ring).map((value) => ({ version: keyNumber(value), value }));
}

interface Row {
  id: string;
  secret: string;
  backupCodes: string;
}

const readRows = async (pool: pg.Pool) =>
  (await pool.query<Row>('SELECT id, secret, "backupCodes" FROM "twoFactor" ORDER BY id')).rows;

/** @returns whether the row was still as read */
async function replace(pool: pg.Pool, row: Row, { secret, backupCodes }: Omit<Row, 'id'>): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE "twoFactor" SET secret = $2, "backupCodes" = $3 WHERE id = $1 AND secret = $4 AND "backupCodes" = $5`,
    [row.id, secret, backupCodes, row.secret, row.backupCodes],
  );
  return rowCount === 1;
}

/** Writes into what was encrypted before there were several keys which one it stands under. */
export async function numberSecondFactors(pool: pg.Pool, ring: Keyring): Promise<void> {
  for (const row of await readRows(pool)) {
    if (parseEnvelope(row.secret) !== null) continue;
    for (const key of keysOf(ring)) {
      const opens = await symmetricDecrypt({ key, data: row.secret }).then(
        () => true,
        () => false,
      );
      if (!opens) continue;
      const named = (text: string) => (parseEnvelope(text) === null ? formatEnvelope(keyNumber(key), text) : text);
      await replace(pool, row, { secret: named(row.secret), backupCodes: named(row.backupCodes) });
      break;
    }
  }
}

/** Secrets of the apps that show six digits, and recovery codes. */
export function sealedSecondFactors(pool: pg.Pool, ring: Keyring): SealedPart {
  const keys = new Map(keysOf(ring).map((key) => [keyNumber(key), key]));
  const currentVersion = keyNumber(ring.current);
  const config = { keys, currentVersion };
  const standingOf = async (row: Row): Promise<Standing> => {
    const versions = [row.secret, row.backupCodes].map((text) => parseEnvelope(text)?.version);
    try {
      for (const data of [row.secret, row.backupCodes]) await symmetricDecrypt({ key: config, data });
    } catch {
      return 'unreadable';
    }
    return versions.every((version) => version === currentVersion) ? 'current' : 'previous';
  };
  const anew = async (data: string) =>
    symmetricEncrypt({ key: config, data: await symmetricDecrypt({ key: config, data }) });
  return {
    name: 'second factors',
    async *things() {
      for (const row of await readRows(pool)) {
        yield {
          standing: await standingOf(row),
          reseal: async () =>
            replace(pool, row, { secret: await anew(row.secret), backupCodes: await anew(row.backupCodes) }),
        };
      }
    },
  };
}
