import { createHash } from 'node:crypto';
import type { DatabaseChange } from '@yumops/protocol';
import type { Db, Queryable } from '../../../lib/db.ts';
import type { Catalogue } from './catalogue.ts';
import { type CatalogueChange, compareCatalogues, keepKnown } from './compare.ts';

/** Changes of one look that are kept each by itself; the rest is counted. */
const MOST = 500;
/** Lines of a change, and characters of a line, that are kept. */
const MOST_LINES = 40;
const LONGEST_LINE = 300;
/** How long changes are kept. */
const KEPT = '400 days';

interface StoredCatalogue {
  identity: string;
  fingerprint: string;
  at: Date;
}

function fingerprintOf(catalogue: Catalogue): string {
  return createHash('sha256').update(JSON.stringify(catalogue)).digest('hex');
}

function shortened({ detail, ...change }: CatalogueChange): CatalogueChange {
  const lines = detail
    .slice(0, MOST_LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line));
  if (detail.length > MOST_LINES) lines.push(`and ${detail.length - MOST_LINES} lines more`);
  return { ...change, detail: lines };
}

/**
 * Takes a catalogue as it is now, and writes down how it differs from the last one. The first one of a database, also of
 * another one behind the same name, is only remembered.
 * @param at milliseconds since the epoch
 * @returns the changes
 */
export async function recordCatalogue(
  db: Db,
  database: string,
  catalogue: Catalogue,
  at: number,
): Promise<CatalogueChange[]> {
  const now = new Date(at);
  return db.transaction(async (tx) => {
    const [known] = await tx.query<StoredCatalogue>(
      'SELECT identity, fingerprint, taken_at AS at FROM database_catalogues WHERE database = $1 FOR UPDATE',
      [database],
    );
    if (known?.fingerprint === fingerprintOf(catalogue)) {
      await tx.query('UPDATE database_catalogues SET taken_at = $2 WHERE database = $1', [database, now]);
      return [];
    }
    if (known?.identity !== catalogue.identity) {
      await remember(tx, database, catalogue, now);
      return [];
    }
    const [row] = await tx.query<{ catalogue: Catalogue }>(
      'SELECT catalogue FROM database_catalogues WHERE database = $1',
      [database],
    );
    const before = row?.catalogue ?? catalogue;
    const changes = compareCatalogues(before, catalogue);
    await insert(tx, database, changes, known.at, now);
    await remember(tx, database, keepKnown(before, catalogue), now);
    return changes;
  });
}

async function remember(tx: Queryable, database: string, catalogue: Catalogue, now: Date): Promise<void> {
  await tx.query(
    `INSERT INTO database_catalogues (database, identity, fingerprint, catalogue, taken_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (database) DO UPDATE SET identity = $2, fingerprint = $3, catalogue = $4, taken_at = $5`,
    [database, catalogue.identity, fingerprintOf(catalogue), JSON.stringify(catalogue), now],
  );
}

async function insert(
  tx: Queryable,
  database: string,
  changes: readonly CatalogueChange[],
  since: Date,
  now: Date,
): Promise<void> {
  const rest = changes.length - MOST;
  const kept = changes.slice(0, MOST).map(shortened);
  if (rest > 0) kept.push({ kind: 'more', action: 'changed', object: `${rest} more things`, detail: [] });
  for (const { kind, action, object, detail } of kept) {
    await tx.query(
      `INSERT INTO database_changes (database, kind, action, object, detail, since, seen_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [database, kind, action, object, detail, since, now],
    );
  }
  await tx.query(`DELETE FROM database_changes WHERE seen_at < $1::timestamptz - interval '${KEPT}'`, [now]);
}

/** Which changes are read. Times in milliseconds since the epoch. */
export interface ChangeFilter {
  /** Of one database; default of all. */
  database?: string;
  from: number;
  to: number;
  limit: number;
}

/** Changes of databases that were seen in a span, newest first: for pages and timelines. */
export async function readChanges(
  db: Queryable,
  { database, from, to, limit }: ChangeFilter,
): Promise<DatabaseChange[]> {
  const rows = await db.query<Omit<DatabaseChange, 'since' | 'seenAt'> & { since: Date; seenAt: Date }>(
    `SELECT id::text AS id, database, kind, action, object, detail, since, seen_at AS "seenAt" FROM database_changes
     WHERE seen_at >= $1 AND seen_at < $2 AND ($3::text IS NULL OR database = $3)
     ORDER BY seen_at DESC, id DESC LIMIT $4`,
    [new Date(from), new Date(to), (database ?? null) as unknown as string, limit],
  );
  return rows.map((row) => ({ ...row, since: row.since.getTime(), seenAt: row.seenAt.getTime() }));
}
