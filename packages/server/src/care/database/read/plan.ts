import type { QueryPlan } from '@yumops/protocol';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import { explainGeneric, statementTextSql } from '../explain.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { readServerFacts } from '../server-facts.ts';

const PLANNED = /^\s*(?:\/\*.*?\*\/\s*)*(?:select|insert|update|delete|with|values|merge|table)\b/is;

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
  const [row] = await db.query<{ query: string }>(statementTextSql(statementsSchema, id));
  if (!row) throw new YumOpsError('not_found', `No statement ${id} is counted.`, { status: 404 });
  if (!PLANNED.test(row.query)) {
    throw new YumOpsError('no_plan', 'Only SELECT, INSERT, UPDATE, DELETE and MERGE have a plan.', { status: 409 });
  }
  try {
    const sql = explainGeneric(row.query, version);
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
