import type { Remark } from '../finding.ts';
import { ownSchema, type ProbeContext, queryProbe } from '../probe.ts';
import { formatCount } from '../units.ts';
import { notOfExtension } from './api-roles.ts';

interface SchemaRow {
  lint: 'no_key' | 'reg_type' | 'auth_fk' | 'autovacuum' | 'outdated';
  object: string;
  /** A column's type, a constraint, a version. */
  detail: string;
  rows: number | null;
}

/** Types whose values name things of the catalogue, whose numbers a new server does not keep. */
const REG_TYPES =
  "('regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper', 'regoperator', 'regproc', 'regprocedure')";

const SQL = (own: string, leastRows: number) => `
  SELECT 'no_key' AS lint, c.oid::regclass::text AS object, '' AS detail, c.reltuples::float8 AS rows
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${own} AND c.relkind = 'r' AND c.relpersistence <> 't' AND NOT c.relispartition AND c.reltuples >= ${leastRows}
    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND (i.indisprimary OR i.indisreplident
      OR i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (
           SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull)))
    AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT 'reg_type', format('%s.%I', c.oid::regclass, a.attname), format_type(a.atttypid, NULL), NULL
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem
  WHERE ${own} AND c.relkind IN ('r', 'm', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    AND (t.typname IN ${REG_TYPES} OR e.typname IN ${REG_TYPES}) AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT 'auth_fk', format('%s.%I', f.conrelid::regclass, f.conname), f.confrelid::regclass::text, NULL
  FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class u ON u.oid = f.confrelid JOIN pg_namespace s ON s.oid = u.relnamespace AND s.nspname = 'auth'
  WHERE ${own} AND f.contype = 'f'
    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = f.conindid AND i.indisprimary)
  UNION ALL
  SELECT 'autovacuum', c.oid::regclass::text, '', c.reltuples::float8
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${own} AND c.relkind IN ('r', 'm')
    AND EXISTS (SELECT FROM unnest(c.reloptions) o WHERE o ~* '^autovacuum_enabled=(off|false|no|0)$')
  UNION ALL
  SELECT 'outdated', quote_ident(e.extname), e.extversion || ' → ' || a.default_version, NULL
  FROM pg_extension e JOIN pg_available_extensions a ON a.name = e.extname
  WHERE e.extversion <> a.default_version
  ORDER BY 1, 2`;

type Judge = (row: SchemaRow) => Omit<Remark, 'object'>;

const JUDGES: Record<SchemaRow['lint'], Judge> = {
  no_key: ({ object, rows }) => ({
    code: 'no_primary_key',
    severity: 'info',
    message: `${object}, some ${formatCount(rows ?? 0)} rows, has no primary key: rows cannot be told apart, and logical replication cannot update them.`,
    fix: `SELECT a.attname, format_type(a.atttypid, a.atttypmod), s.n_distinct FROM pg_attribute a LEFT JOIN pg_stats s ON format('%I.%I', s.schemaname, s.tablename)::regclass = a.attrelid AND s.attname = a.attname WHERE a.attrelid = '${object.replaceAll("'", "''")}'::regclass AND a.attnum > 0 AND NOT a.attisdropped;`,
  }),
  reg_type: ({ object, detail }) => {
    const [column, table] = splitColumn(object);
    return {
      code: 'reg_type',
      severity: 'warning',
      message: `The column ${object} is a ${detail}: pg_upgrade refuses to take it to a new version of Postgres. Its text says the same.`,
      fix: detail.endsWith('[]')
        ? `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE text[] USING ${column}::text[];`
        : `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE text USING ${column}::text;`,
    };
  },
  auth_fk: ({ object, detail }) => {
    const [constraint, table] = splitColumn(object);
    return {
      code: 'auth_fk',
      severity: 'critical',
      message: `The foreign key ${constraint} of ${table} leans on a unique constraint of ${detail} that is not its primary key; the host's own migrations may want to drop that, and would fail.`,
      fix: `ALTER TABLE ${table} DROP CONSTRAINT ${constraint};`,
    };
  },
  autovacuum: ({ object }) => ({
    code: 'autovacuum_off',
    severity: 'warning',
    message: `Autovacuum is off for ${object}: dead rows and old statistics stay until somebody remembers.`,
    fix: `ALTER TABLE ${object} RESET (autovacuum_enabled);`,
  }),
  outdated: ({ object, detail }) => ({
    code: 'outdated_extension',
    severity: 'info',
    message: `The server has a newer version of the extension ${object}: ${detail}.`,
    fix: `ALTER EXTENSION ${object} UPDATE;`,
  }),
};

/** The last name of a dotted one, and what stands before it; dots inside quotes do not count. */
function splitColumn(object: string): [last: string, before: string] {
  const [, before = '', last = ''] = /^(.*)\.("(?:[^"]|"")+"|[^".]+)$/.exec(object) ?? [];
  return [last, before];
}

/** What will stand in the way later: of replication, of an upgrade, of vacuum, of the host. */
export const schema = queryProbe<SchemaRow>({
  name: 'schema',
  primaryOnly: true,
  sql: ({ profile, thresholds }: ProbeContext) => SQL(ownSchema('n.nspname', profile), thresholds.no_primary_key_rows),
  judge: (rows) =>
    rows.map((row) => ({
      ...JUDGES[row.lint](row),
      object: row.lint === 'outdated' ? `extension ${row.object}` : row.object,
    })),
});
