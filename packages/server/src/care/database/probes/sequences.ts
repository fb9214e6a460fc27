import { quoteName } from '../../../lib/sql-quote.ts';
import type { Remark } from '../finding.ts';
import { ownSchema, queryProbe } from '../probe.ts';
import { formatCount, percent } from '../units.ts';

interface SequenceRow {
  sequence: string;
  /** Null when we may not read it, or when nothing was taken from it. */
  last: number | null;
  readable: boolean;
  /** The largest value that the sequence, and the column that it fills, can hold. */
  limit: number;
  sequenceLimit: number;
  typeLimit: number;
  sequenceType: string;
  table: string | null;
  column: string | null;
  columnType: string | null;
  identity: boolean;
  schema: string;
}

/** The column is the one that owns the sequence, or the one whose default takes from it. */
const SQL = (own: string) => `
  SELECT format('%I.%I', n.nspname, c.relname) AS sequence, quote_ident(n.nspname) AS schema,
         s.last_value::float8 AS last,
         has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable,
         q.seqmax::float8 AS "sequenceLimit",
         least(q.seqmax::float8, t.type_limit) AS limit,
         coalesce(t.type_limit, 9223372036854775807)::float8 AS "typeLimit",
         format_type(q.seqtypid, NULL) AS "sequenceType",
         o.table, o.column, o.type AS "columnType", coalesce(o.identity, false) AS identity
  FROM pg_sequence q
  JOIN pg_class c ON c.oid = q.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_sequences s ON s.schemaname = n.nspname AND s.sequencename = c.relname
  LEFT JOIN LATERAL (
    SELECT a.attrelid::regclass::text AS table, quote_ident(a.attname) AS column, format_type(a.atttypid, NULL) AS type,
           a.attidentity <> '' AS identity, a.atttypid
    FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
      AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    UNION ALL
    SELECT a.attrelid::regclass::text, quote_ident(a.attname), format_type(a.atttypid, NULL), false, a.atttypid
    FROM pg_depend d
    JOIN pg_attrdef f ON f.oid = d.objid
    JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
    WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
    LIMIT 1
  ) o ON true
  CROSS JOIN LATERAL (
    SELECT CASE o.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
                           ELSE 9223372036854775807 END::float8 AS type_limit
  ) t
  WHERE ${own} AND NOT q.seqcycle AND q.seqincrement > 0 AND c.relpersistence <> 't'
  ORDER BY 1`;

function widen(row: SequenceRow): string | null {
  const widenSequence = `ALTER SEQUENCE ${row.sequence} AS bigint NO MAXVALUE;`;
  if (row.columnType === 'integer' || row.columnType === 'smallint') {
    const widenColumn = `ALTER TABLE ${row.table} ALTER COLUMN ${row.column} TYPE bigint;`;
    return row.identity ? widenColumn : `${widenColumn} ${widenSequence}`;
  }
  return row.sequenceLimit < row.typeLimit ? widenSequence : null;
}

function judgeUse(row: SequenceRow, warning: number, critical: number): Remark[] {
  const used = (row.last ?? 0) / row.limit;
  if (used < warning) return [];
  const fills =
    row.table === null
      ? ''
      : ` It fills ${row.table}.${row.column} (${row.columnType}), which is rewritten by the fix.`;
  return [
    {
      code: 'sequence',
      severity: used >= critical ? 'critical' : 'warning',
      object: row.sequence,
      message: `${percent(used)} of the sequence is used: ${formatCount(row.last ?? 0)} of ${formatCount(row.limit)}. At its end every insert fails.${fills}`,
      fix: widen(row),
    },
  ];
}

/** Sequences that we may not read, one remark for each schema. */
function judgeHidden(rows: readonly SequenceRow[], role: string): Remark[] {
  const hidden = rows.filter(({ readable }) => !readable);
  return [...new Set(hidden.map(({ schema }) => schema))].map((schema) => {
    const count = hidden.filter((row) => row.schema === schema).length;
    return {
      code: 'probe_failed',
      severity: 'unknown',
      object: `sequences of schema ${schema}`,
      message: `${count === 1 ? 'One sequence' : `${count} sequences`} of schema ${schema} cannot be read: the role "${role}" lacks SELECT.`,
      fix: `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${quoteName(role)};`,
    };
  });
}

/** How much of what a column can hold its sequence has given out. */
export const sequences = queryProbe<SequenceRow>({
  name: 'sequences',
  sql: (context) => SQL(ownSchema('n.nspname', context.profile)),
  judge: (rows, { thresholds, server }) => [
    ...rows.flatMap((row) => judgeUse(row, thresholds.sequence, thresholds.sequence_critical)),
    ...judgeHidden(rows, server.role),
  ],
});
