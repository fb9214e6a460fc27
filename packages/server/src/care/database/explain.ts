/** A statement stays prepared when the transaction in which it was planned has failed. */
const UNPREPARE = `DO $yumops$ BEGIN
  IF EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'yumops_plan') THEN DEALLOCATE yumops_plan; END IF;
END $yumops$`;

/**
 * Statements that give the plan of a statement with placeholders and run nothing. Before 16 there is no EXPLAIN
 * (GENERIC_PLAN): a statement that is prepared and forced to one plan gives the same.
 * @param version as in `server_version_num`
 */
export function explainGeneric(query: string, version: number, format: 'text' | 'json' = 'text'): string {
  if (version >= 160_000) return `EXPLAIN (GENERIC_PLAN, FORMAT ${format}) ${query}`;
  const highest = Math.max(0, ...[...query.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
  const list = (value: string) =>
    highest === 0 ? '' : ` (${Array.from({ length: highest }, () => value).join(', ')})`;
  return `${UNPREPARE};\nPREPARE yumops_plan${list('unknown')} AS ${query};\nEXPLAIN (FORMAT ${format}) EXECUTE yumops_plan${list('NULL')};\nDEALLOCATE yumops_plan`;
}

/** The text of a statement that pg_stat_statements knows by its id, 64 bits as text. */
export function statementTextSql(schema: string, id: string): string {
  return `SELECT query FROM ${schema}.pg_stat_statements
    WHERE queryid = '${BigInt(id)}'::bigint AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY toplevel DESC LIMIT 1`;
}
