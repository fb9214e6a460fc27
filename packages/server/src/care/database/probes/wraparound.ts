import type { Remark } from '../finding.ts';
import { type ProbeContext, queryProbe } from '../probe.ts';
import { formatCount, percent } from '../units.ts';
import { holdsUp, OLDEST_SNAPSHOT } from './oldest-snapshot.ts';

interface AgeRow {
  kind: 'transaction' | 'multixact';
  database: string;
  current: boolean;
  age: number;
  freezeAt: number;
  /** The oldest table of the database that we are in. */
  table: string | null;
  /** Who needs the oldest rows, and how many transactions back. */
  holder: string | null;
  holderAge: number | null;
}

/** Ids are compared modulo 2^32: when the oldest row is so many ids back, the server stops taking writes. */
const END = 2 ** 31;

const SQL = `
  SELECT v.kind, d.datname AS database, d.datname = current_database() AS current, v.age::float8 AS age,
         v.freeze_at::float8 AS "freezeAt",
         CASE WHEN d.datname = current_database() THEN (
           SELECT c.oid::regclass::text FROM pg_class c
           WHERE c.relkind IN ('r', 'm', 't')
           ORDER BY CASE v.kind WHEN 'transaction' THEN age(c.relfrozenxid) ELSE mxid_age(c.relminmxid) END DESC, c.oid
           LIMIT 1) END AS table, old.holder, old.age AS "holderAge"
  FROM pg_database d
  LEFT JOIN (${OLDEST_SNAPSHOT}) old ON true
  CROSS JOIN LATERAL (VALUES
    ('transaction', age(d.datfrozenxid), current_setting('autovacuum_freeze_max_age')::int),
    ('multixact', mxid_age(d.datminmxid), current_setting('autovacuum_multixact_freeze_max_age')::int)
  ) v (kind, age, freeze_at)
  ORDER BY v.age DESC, 2`;

function judge(row: AgeRow, { thresholds }: ProbeContext): Remark[] {
  const share = row.age / END;
  const critical = share >= thresholds.wraparound_critical;
  if (!critical && row.age < row.freezeAt * thresholds.wraparound) return [];
  const table = row.table === null ? '' : ` The oldest table is ${row.table}.`;
  const held = row.kind === 'transaction' ? holdsUp(row.holder, row.holderAge) : '';
  return [
    {
      code: 'wraparound',
      severity: critical ? 'critical' : 'warning',
      object: `${row.kind} ids of database ${row.database}`,
      message: `The oldest ${row.kind} id is ${formatCount(row.age)} back, ${percent(share)} of the way to the point where the server takes no more writes; autovacuum was to act at ${formatCount(row.freezeAt)}.${table}${held}`,
      fix: row.table === null ? null : `VACUUM (FREEZE) ${row.table};`,
    },
  ];
}

/** How far the oldest row is behind, in every database of the server. */
export const wraparound = queryProbe<AgeRow>({
  name: 'transaction id age',
  sql: () => SQL,
  judge: (rows, context) => rows.flatMap((row) => judge(row, context)),
});
