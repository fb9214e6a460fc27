import type { QueryPlan } from '@yumops/protocol';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import { quoteText } from '../../../lib/sql-quote.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { readServerFacts } from '../server-facts.ts';

const PLANNED = /^\s*(?:\/\*.*?\*\/\s*)*(?:select|insert|update|delete|with|values|merge|table)\b/is;

/** Before 16 there is no EXPLAIN (GENERIC_PLAN): a statement that is prepared and forced to one plan gives the same. */
function explainPrepared(query: string): string {
  const highest = Math.max(0, ...[...query.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
  const types = highest === 0 ? '' : ` (${Array.from({ length: highest }, () => 'unknown').join(', ')})`;
  const values = highest === 0 ? '' : ` (${Array.from({ length: highest }, () => 'NULL').join(', ')})`;
  return `PREPARE yumops_plan${types} AS ${query};\nEXPLAIN EXECUTE yumops_plan${values};\nDEALLOCATE yumops_plan`;
}

/**
 * The plan of a statement that pg_stat_statements knows. Nothing is run.
 * @param id queryid, 64 bits as text
 * @throws YumOpsError `not_found`, `extension_missing`, `no_plan`
 */
export async function readPlan(db: MonitoredDatabase, id: string): Promise<QueryPlan> {
  const { statementsSchema, version, role } = await readServerFacts(db);
  if (statementsSchema === null) {
    throw new YumOpsError('extension_missing', 'pg_stat_statements is not installed.', { status: 409 });
  }
  const [row] = await db.query<{ query: string }>(`
    SELECT query FROM ${statementsSchema}.pg_stat_statements
    WHERE queryid = ${quoteText(id)}::bigint AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY toplevel DESC LIMIT 1`);
  if (!row) throw new YumOpsError('not_found', `No statement ${id} is counted.`, { status: 404 });
  if (!PLANNED.test(row.query)) {
    throw new YumOpsError('no_plan', 'Only SELECT, INSERT, UPDATE, DELETE and MERGE have a plan.', { status: 409 });
  }
  try {
    const sql = version >= 160_000 ? `EXPLAIN (GENERIC_PLAN) ${row.query}` : explainPrepared(row.query);
    const lines = await db.query<{ 'QUERY PLAN': string }>(sql, { ownNames: true });
    return { id, plan: lines.map((line) => line['QUERY PLAN']) };
  } catch (error) {
    if (codeOf(error) === undefined || error instanceof YumOpsError) throw error;
    const denied = codeOf(error) === '42501';
    throw new YumOpsError('no_plan', `Postgres gives no plan: ${messageOf(error)}.`, {
      hint: denied
        ? `Planning needs the right to read the tables: the role "${role}" lacks it. The url of maintenance is used where there is one.`
        : 'The text may be cut, or may need values that are not known.',
      status: 409,
      cause: error,
    });
  }
}
