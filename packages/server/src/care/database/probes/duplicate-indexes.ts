import type { Remark } from '../finding.ts';
import { notLocked, ownSchema, queryProbe } from '../probe.ts';
import { formatBytes } from '../units.ts';

interface IndexRow {
  id: number;
  index: string;
  table: string;
  bytes: number;
  partitioned: boolean;
  unique: boolean;
  /** Whether a constraint, a foreign key or the replica identity needs it. */
  needed: boolean;
  /** One text for each key column: column or expression, operator class, collation and order. */
  keys: string[];
  included: string[];
  /** Everything else in which two indexes can differ: method, predicate. */
  rest: string;
  method: string;
}

const SQL = (own: string) => `
  SELECT c.oid::bigint AS id, format('%I.%I', n.nspname, c.relname) AS index, i.indrelid::regclass::text AS table,
         CASE WHEN c.relkind = 'i' THEN pg_relation_size(c.oid) ELSE 0 END::float8 AS bytes,
         c.relkind = 'I' AS partitioned, i.indisunique AS unique, m.amname AS method,
         i.indisreplident OR i.indisexclusion
           OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) AS needed,
         ARRAY(SELECT concat_ws(' ', pg_get_indexdef(c.oid, p, false), i.indclass[p - 1], i.indcollation[p - 1], i.indoption[p - 1])
               FROM generate_series(1, i.indnkeyatts) p) AS keys,
         ARRAY(SELECT pg_get_indexdef(c.oid, p, false) FROM generate_series(i.indnkeyatts + 1, i.indnatts) p) AS included,
         concat_ws(' ', m.amname, pg_get_expr(i.indpred, i.indrelid)) AS rest
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_am m ON m.oid = c.relam
  WHERE ${notLocked('i.indrelid')} AND ${notLocked('c.oid')} AND i.indisvalid AND NOT c.relispartition AND ${own}
    AND i.indrelid IN (SELECT indrelid FROM pg_index GROUP BY indrelid HAVING count(*) > 1)
  ORDER BY i.indrelid, c.oid`;

function startsWith(longer: readonly string[], shorter: readonly string[]): boolean {
  return shorter.length <= longer.length && shorter.every((key, place) => key === longer[place]);
}

/** Whether everything that `victim` does is done by `keeper` too. */
function covers(keeper: IndexRow, victim: IndexRow): boolean {
  if (keeper.rest !== victim.rest || victim.needed) return false;
  const same = keeper.keys.length === victim.keys.length;
  if (!startsWith(keeper.keys, victim.keys)) return false;
  if (!victim.included.every((column) => keeper.included.includes(column))) return false;
  if (victim.unique) return same && keeper.unique;
  return same || (victim.method === 'btree' && victim.included.length === 0);
}

function isExact(a: IndexRow, b: IndexRow): boolean {
  return a.keys.length === b.keys.length && a.included.length === b.included.length;
}

/** Of two indexes that cover each other the younger goes. */
function isVictimOf(victim: IndexRow, keeper: IndexRow): boolean {
  return covers(keeper, victim) && (!covers(victim, keeper) || keeper.id < victim.id);
}

/** The index that makes another superfluous, if there is one: an equal one rather than a longer one. */
function keeperOf(victim: IndexRow, others: readonly IndexRow[]): IndexRow | undefined {
  const keepers = others.filter((other) => other !== victim && isVictimOf(victim, other));
  return keepers.find((other) => isExact(victim, other)) ?? keepers[0];
}

function judge(victim: IndexRow, keeper: IndexRow): Remark {
  const exact = isExact(victim, keeper);
  const relation = exact ? 'does the same as' : 'does nothing that is not also done by the longer index';
  return {
    code: 'duplicate_index',
    severity: exact ? 'warning' : 'info',
    object: victim.index,
    message: `The index ${victim.index} of ${victim.table} (${formatBytes(victim.bytes)}) ${relation} ${keeper.index}.`,
    fix: `DROP INDEX${victim.partitioned ? '' : ' CONCURRENTLY'} ${victim.index};`,
  };
}

/** Indexes that another index makes superfluous: equal ones, and those that are its beginning. */
export const duplicateIndexes = queryProbe<IndexRow>({
  name: 'duplicate indexes',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('n.nspname', context.profile)),
  judge: (rows) => {
    const byTable = new Map<string, IndexRow[]>();
    for (const row of rows) byTable.set(row.table, [...(byTable.get(row.table) ?? []), row]);
    return [...byTable.values()].flatMap((indexes) =>
      indexes.flatMap((victim) => {
        const keeper = keeperOf(victim, indexes);
        return keeper ? [judge(victim, keeper)] : [];
      }),
    );
  },
});
