import type { IngestKeyItem } from '@yumops/protocol';
import type { FindIngestKey, IngestKey } from '../http/access.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db, Queryable } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Reach } from '../lib/reach.ts';
import type { Signals } from '../lib/signals.ts';
import { audit } from './audit.ts';
import { hashSecret, newSecret, sameSecret } from './secret.ts';

/** How long a key's look-up is trusted where the word of a change is lost. */
const REMEMBER_MS = 15_000;
const REMEMBER_AT_MOST = 10_000;
/** The last use is written down so often at most. */
const USE_RESOLUTION = '1 minute';
/** The word between instances that keys were made or revoked. */
const CHANGED = 'yumops_ingest_keys';

/** Makes an ingest key. @param input.origins web pages that may use it; without any, all may */
export async function createIngestKey(
  db: Db,
  input: {
    scope: 'public' | 'server';
    project: string;
    origins?: readonly string[];
    name?: string | undefined;
    actor: string;
    now: number;
  },
): Promise<{ id: string; secret: string }> {
  const secret = newSecret();
  const { scope, project, origins = [], name, actor, now } = input;
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO ingest_keys (secret_hash, scope, project, origins, created_at, name, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id::text`,
      [hashSecret(secret), scope, project, [...origins], new Date(now), name ?? null, actor],
    );
    await announce(tx);
    const detail = { scope, origins, ...(name !== undefined && { name }) };
    await audit(tx, { at: now, actor, action: 'ingest_key.create', target: `project ${project}`, detail });
    return { id: row?.id as string, secret };
  });
}

/** All keys, without their secrets, the newest first; revoked ones stay in the list for what they sent. */
export async function listIngestKeys(db: Queryable, reach: Reach): Promise<IngestKeyItem[]> {
  const rows = await db.query<Omit<IngestKeyItem, Times> & Record<Times, Date | null>>(
    `SELECT id::text, name, scope, project, origins, created_at AS "createdAt", created_by AS "createdBy",
       last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"
     FROM ingest_keys WHERE $1::text[] IS NULL OR project = ANY ($1)
     ORDER BY revoked_at IS NOT NULL, ingest_keys.id DESC LIMIT 1000`,
    [reach],
  );
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt?.toISOString() as string,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  }));
}

type Times = 'createdAt' | 'lastUsedAt' | 'revokedAt';

/**
 * Revokes an ingest key; every instance refuses it at once.
 * @param input.reach whose projects
 * @throws YumOpsError `ingest_key_not_found` (404), also for one that is revoked already
 */
export async function revokeIngestKey(
  db: Db,
  input: { id: string; reach: Reach; actor: string; now: number },
): Promise<void> {
  const { id, reach, actor, now } = input;
  await db.transaction(async (tx) => {
    const [row] = await tx.query<{ project: string | null; name: string | null }>(
      `UPDATE ingest_keys SET revoked_at = $2
       WHERE id = $1::bigint AND revoked_at IS NULL AND ($3::text[] IS NULL OR project = ANY ($3)) RETURNING project, name`,
      [id, new Date(now), reach],
    );
    if (row === undefined) {
      throw new YumOpsError('ingest_key_not_found', `There is no ingest key ${id} that could be revoked.`, {
        hint: '`yumops ingest-key list` shows them.',
        status: 404,
      });
    }
    await announce(tx);
    const detail = { id, ...(row.name !== null && { name: row.name }) };
    await audit(tx, { at: now, actor, action: 'ingest_key.revoke', target: `project ${row.project}`, detail });
  });
}

/** Tells all instances when the transaction commits. */
async function announce(tx: Queryable): Promise<void> {
  await tx.query('SELECT pg_notify($1, $2)', [CHANGED, '']);
}

/**
 * Makes the look-up that ingest calls for each request. Answers are remembered for 15 s, or until an instance says that
 * keys changed, so that ingest goes on for known keys while the state store is away.
 * @param preset the key that the operator set for automation; it opens every protocol and project
 */
export function ingestKeyFinder(
  { db, clock, signals }: { db: Db; clock: Clock; signals?: Pick<Signals, 'listen'> },
  preset: string | undefined,
): FindIngestKey {
  const remembered = new Map<string, { key: IngestKey | undefined; until: number }>();
  let changes = 0;
  signals?.listen(CHANGED, () => {
    changes += 1;
    // They are looked up anew, and not forgotten: the store may be away by then.
    for (const known of remembered.values()) known.until = Number.NEGATIVE_INFINITY;
  });
  return async (secret) => {
    if (preset !== undefined && sameSecret(secret, preset)) return { scope: 'all', project: null };
    const known = remembered.get(secret);
    if (known && known.until > clock.monotonic()) return known.key;
    const seen = changes;
    const key = await lookUp(db, secret, clock.now()).catch((error: unknown) => {
      if (known?.key) return known.key;
      throw error;
    });
    if (remembered.size >= REMEMBER_AT_MOST) remembered.clear();
    const until = seen === changes ? clock.monotonic() + REMEMBER_MS : Number.NEGATIVE_INFINITY;
    remembered.set(secret, { key, until });
    return key;
  };
}

/** Finds a key, and notes the use. */
async function lookUp(db: Db, secret: string, now: number): Promise<IngestKey | undefined> {
  const [row] = await db.query<IngestKey & { id: string; unused: boolean }>(
    `SELECT id::text, scope, project, origins,
       coalesce(last_used_at < $2::timestamptz - interval '${USE_RESOLUTION}', true) AS unused
     FROM ingest_keys WHERE secret_hash = $1 AND revoked_at IS NULL`,
    [hashSecret(secret), new Date(now)],
  );
  if (row === undefined) return undefined;
  const { id, unused, ...key } = row;
  if (unused) await db.query('UPDATE ingest_keys SET last_used_at = $2 WHERE id = $1::bigint', [id, new Date(now)]);
  return key;
}
