import { codeOf, messageOf } from '../../../lib/errors.ts';
import { quoteName } from '../../../lib/sql-quote.ts';
import type { DatabaseProfile } from '../config.ts';
import type { Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { notLocked, ownSchema, type Probe, type ProbeContext } from '../probe.ts';
import { formatCount } from '../units.ts';

/** A constraint that Postgres has not verified. */
export interface UnverifiedConstraint {
  constraint: string;
  table: string;
  kind: 'c' | 'f' | 'n';
  /** The table, with the alias that the condition uses, and what holds for a row that breaks the constraint. */
  source: string;
  condition: string;
}

/** MATCH SIMPLE lets a row with any NULL pass; MATCH FULL only one in which all are NULL. */
const SQL = (own: string) => `
  SELECT quote_ident(k.conname) AS constraint, k.conrelid::regclass::text AS table, k.contype AS kind,
    k.conrelid::regclass::text || CASE k.contype WHEN 'f' THEN ' child' ELSE '' END AS source,
    CASE k.contype
      WHEN 'c' THEN format('(%s) IS FALSE', pg_get_expr(k.conbin, k.conrelid))
      WHEN 'n' THEN (SELECT format('%I IS NULL', a.attname) FROM pg_attribute a
                     WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1])
      ELSE (
        SELECT format('((%s) AND NOT EXISTS (SELECT FROM %s parent WHERE %s))%s',
          string_agg(format('child.%I IS NOT NULL', child.attname), ' AND '),
          k.confrelid::regclass,
          string_agg(format('parent.%I OPERATOR(%I.%s) child.%I', parent.attname, o.nspname, e.oprname, child.attname), ' AND '),
          CASE k.confmatchtype WHEN 'f' THEN format(' OR ((%s) AND (%s))',
            string_agg(format('child.%I IS NULL', child.attname), ' OR '),
            string_agg(format('child.%I IS NOT NULL', child.attname), ' OR ')) ELSE '' END)
        FROM unnest(k.conkey, k.confkey, k.conpfeqop) AS pair (child_column, parent_column, equality)
        JOIN pg_operator e ON e.oid = pair.equality
        JOIN pg_namespace o ON o.oid = e.oprnamespace
        JOIN pg_attribute child ON child.attrelid = k.conrelid AND child.attnum = pair.child_column
        JOIN pg_attribute parent ON parent.attrelid = k.confrelid AND parent.attnum = pair.parent_column)
    END AS condition
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${notLocked('k.conrelid')} AND NOT k.convalidated AND k.contype IN ('c', 'f', 'n') AND k.conparentid = 0 AND ${own}
    -- Since 18 a constraint may be declared NOT ENFORCED, which is meant and cannot be validated.
    AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
  ORDER BY 2, 1`;

/** Milliseconds for one count; what takes longer is unknown. */
const COUNT_LIMIT = 10_000;

/** What each kind is called. */
export const CONSTRAINT_NOUNS = { c: 'check', f: 'foreign key', n: 'NOT NULL constraint' } as const;

/** The constraints that were never verified. */
export function readUnverified(db: MonitoredDatabase, profile: DatabaseProfile): Promise<UnverifiedConstraint[]> {
  return db.query<UnverifiedConstraint>(SQL(ownSchema('n.nspname', profile)));
}

/**
 * The statement that counts the rows that break a constraint. A condition in WHERE would make the planner look into
 * indexes, which then look used.
 */
export function countOf({ kind, source, condition }: UnverifiedConstraint): string {
  if (kind === 'f') return `SELECT count(*) AS count FROM ${source} WHERE ${condition}`;
  return `SELECT count(*) FILTER (WHERE ${condition}) AS count FROM ${source}`;
}

async function judge(row: UnverifiedConstraint, db: MonitoredDatabase, { server }: ProbeContext): Promise<Remark> {
  const { constraint, table, kind, source, condition } = row;
  const object = `${table}.${constraint}`;
  const code = kind === 'f' ? 'not_valid_fk' : 'not_valid_check';
  const noun = CONSTRAINT_NOUNS[kind];
  try {
    const [counted] = await db.query<{ count: number }>(countOf(row), {
      timeout: COUNT_LIMIT,
      withoutIndexes: true,
    });
    const count = counted?.count ?? 0;
    const one = count === 1;
    return {
      code,
      severity: 'warning',
      object,
      message:
        count === 0
          ? `The ${noun} ${constraint} of ${table} was never verified. 0 rows break it, so it can be validated now.`
          : `The ${noun} ${constraint} of ${table} was never verified, and ${formatCount(count)} ${one ? 'row breaks' : 'rows break'} it. The statement shows them; once they are mended, run ALTER TABLE ${table} VALIDATE CONSTRAINT ${constraint}.`,
      fix:
        count === 0
          ? `ALTER TABLE ${table} VALIDATE CONSTRAINT ${constraint};`
          : `SELECT * FROM ${source} WHERE ${condition} LIMIT 100;`,
    };
  } catch (error) {
    const denied = codeOf(error) === '42501';
    return {
      code: 'probe_failed',
      severity: 'unknown',
      object,
      message: `The ${noun} ${constraint} of ${table} was never verified, and the rows that break it cannot be counted: ${messageOf(error)}.`,
      fix: denied ? grantRead(row, server.role) : `ALTER TABLE ${table} VALIDATE CONSTRAINT ${constraint};`,
    };
  }
}

function grantRead({ table }: UnverifiedConstraint, role: string): string {
  return `GRANT SELECT ON ${table} TO ${quoteName(role)};`;
}

/** Constraints that Postgres has not verified (NOT VALID), with the number of rows that break each. */
export const unverifiedConstraints: Probe = {
  name: 'unverified constraints',
  needsAllStatistics: false,
  primaryOnly: true,
  async run(db, context) {
    const remarks: Remark[] = [];
    for (const row of await readUnverified(db, context.profile)) {
      remarks.push(await judge(row, db, context));
    }
    return remarks;
  },
};
