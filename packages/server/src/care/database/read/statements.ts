import { YumOpsError } from '../../../lib/errors.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { normaliseQuery } from '../normalise.ts';
import type { StatementRow } from '../probe.ts';
import { readCountedStatements } from '../probes/statements.ts';
import { readServerFacts } from '../server-facts.ts';

/**
 * The statements that took the most time since the statistics were reset, their texts without values.
 * @throws YumOpsError `extension_missing`
 */
export async function readStatements(db: MonitoredDatabase, limit: number): Promise<StatementRow[]> {
  const { statementsSchema, database } = await readServerFacts(db);
  if (statementsSchema === null) {
    throw new YumOpsError('extension_missing', `pg_stat_statements is not installed in the database "${database}".`, {
      hint: 'Run `yumops db install --apply`, or CREATE EXTENSION pg_stat_statements.',
    });
  }
  const rows = await readCountedStatements(db, statementsSchema, limit);
  return rows.map((row) => ({ ...row, query: normaliseQuery(row.query) }));
}
